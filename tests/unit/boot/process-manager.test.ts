// Who runs haproxy: what the configuration wants, and what this machine can.

import { describe, expect, it } from '@jest/globals';
import { exitStatusOf } from '../../../agent/boot/agent';
import { settleProcessManager } from '../../../agent/boot/process-manager';
import { wireCore } from '../../../agent/boot/wire-core';
import { loadConfig } from '../../../agent/config/load';
import type { Config } from '../../../agent/config/options';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';
import { installSystemd } from '../../fakes/scripted-systemd';

const booted = { '/run/systemd/system/': '', '/proc/1/comm': 'systemd\n' };

async function configOf(manager: string, files = createMemoryFiles()): Promise<Config> {
  files.plant('/etc/agent.conf', `[amphora_agent]\namphora_id = ${amphoraId}\n`);
  files.plant('/etc/local.conf', `[amphorad]\nprocess_manager = ${manager}\nnetwork_namespace =\n`);
  const loaded = await loadConfig(
    {
      configFiles: ['/etc/agent.conf'],
      configDirs: [],
      localFiles: [{ path: '/etc/local.conf', required: true }],
      environment: {},
    },
    files,
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

const settle = async (manager: string, tree: Record<string, string>, userId = 0): Promise<string> => {
  const files = createMemoryFiles({ '/etc/': '', ...tree });
  const config = await configOf(manager, files);
  const host = { files, system: createLiteralSystem({ userId }), log: createRecordedLog() };
  const settled = await settleProcessManager(config, host);
  return settled.amphorad.process_manager;
};

describe('process_manager', () => {
  it.each<[wanted: string, machine: string, tree: Record<string, string>, userId: number, got: string]>([
    ['auto', 'that systemd runs', booted, 0, 'systemd'],
    ['systemd', 'that systemd runs', booted, 0, 'systemd'],
    ['direct', 'that systemd runs', booted, 0, 'direct'],
    ['auto', 'that systemd runs, without root', booted, 1000, 'direct'],
    ['auto', 'without systemd', { '/proc/1/comm': 'tini\n' }, 0, 'direct'],
    ['auto', 'that shows its host’s /run', { ...booted, '/proc/1/comm': 'node\n' }, 0, 'direct'],
    ['auto', 'that hides PID 1', {}, 0, 'direct'],
  ])('%s on a machine %s', async (wanted, _machine, tree, userId, got) => {
    expect(await settle(wanted, tree, userId)).toBe(got);
  });

  it.each<[machine: string, tree: Record<string, string>, userId: number, words: string]>([
    ['without systemd', { '/proc/1/comm': 'tini\n' }, 0, 'PID 1 of this machine is tini, not systemd'],
    ['without root', booted, 1000, 'only root may start units'],
  ])(
    'systemd on a machine %s keeps the agent from starting, with status 78',
    async (_m, tree, userId, words) => {
      const refusal = await settle('systemd', tree, userId).catch((thrown: unknown) => thrown);
      expect(refusal).toMatchObject({
        kind: 'invalid-input',
        message: `[amphorad] process_manager is systemd, and ${words}`,
      });
      expect(exitStatusOf(refusal)).toBe(78);
    },
  );
});

describe('an amphora that systemd runs', () => {
  const running = async () => {
    const amphora = await createScriptedAmphora({
      local: '[amphorad]\nnetwork_namespace =\nprocess_manager = systemd\n',
    });
    const systemd = installSystemd(amphora.runner);
    const { loadBalancers } = amphora.core();
    await loadBalancers.upload({ id, text: 'listen a\n bind :80\n', peer: amphoraId, owner: 'octavia-v0.1' });
    const { pid } = await amphora.pass(loadBalancers.start(id));
    return { amphora, systemd, loadBalancers, pid };
  };

  it('runs each load balancer in a unit of its name, reloads it and stops it', async () => {
    const { amphora, systemd, loadBalancers, pid } = await running();
    expect([...systemd.units()]).toEqual([[`amphorad-haproxy-${id}.service`, pid]]);
    await loadBalancers.upload({ id, text: 'listen b\n bind :80\n', peer: amphoraId, owner: 'octavia-v0.1' });
    await amphora.pass(loadBalancers.reload(id));
    expect(amphora.haproxy.groups()[0]?.serves[0]).toBe('listen b\n bind :80\n');
    await amphora.pass(loadBalancers.stop(id));
    expect([...systemd.units()]).toEqual([]);
  });

  it('tells what haproxy printed when it ends at once', async () => {
    const { amphora, loadBalancers } = await running();
    await amphora.pass(loadBalancers.stop(id));
    amphora.haproxy.nextStart({ fails: '[ALERT] cannot bind socket' });
    await expect(amphora.pass(loadBalancers.start(id))).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: '[ALERT] cannot bind socket',
    });
  });

  it('is taken over by an agent that runs children itself, and the other way round', async () => {
    const { amphora, pid } = await running();
    for (const manager of ['direct', 'systemd']) {
      const core = wireCore(await configOf(manager, amphora.files), amphora);
      expect(await amphora.pass(core.loadBalancers.restore(id))).toBe('adopted');
      expect((await core.loadBalancers.living(id))?.pid).toBe(pid);
    }
  });
});
