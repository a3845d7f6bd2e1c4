// UDP and SCTP listeners with the real keepalived: everything that Octavia's own templates render is accepted by policy
// and `keepalived -t`; one without members runs for real, in a namespace too; one with members says that the kernel has
// no ip_vs, or serves where it has.

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { wireCore, type Core } from '../../agent/boot/wire-core';
import { createNodeHost } from '../../agent/boot/wire-host';
import { loadConfig } from '../../agent/config/load';
import { isAgentError } from '../../agent/model/errors';
import { parseListenerUuid } from '../../agent/model/ids';
import { eventually } from '../fakes/eventually';
import { createRecordedLog } from '../fakes/recorded-log';
import { udpListener } from '../unit/keepalived/udp-listener';

const python = '/usr/bin/python3';
const succeeds = (...[program, ...args]: readonly [string, ...string[]]): boolean =>
  spawnSync(program, args).status === 0;
const canRun = process.geteuid?.() === 0 && succeeds('keepalived', '-v');
const canRender = canRun && succeeds(python, '-c', 'import octavia.common.jinja.lvs');
if (!canRun) process.stderr.write('skipped: no root or no keepalived, so no UDP listener runs\n');
else if (!canRender) process.stderr.write('skipped: no python3-octavia, so nothing renders UDP listeners\n');

const id = parseListenerUuid('0a000000-0000-4000-8000-0000000000d1');
const idle = '# Configuration for Listener x\n\nnet_namespace amphora-haproxy\n';
let directory: string;
let cores: Core[] = [];

async function startCore(namespace = ''): Promise<Core> {
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const host = createNodeHost({ PATH: process.env['PATH'] });
  const base = join(directory, 'lib');
  mkdirSync(base, { recursive: true });
  const amphora = '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';
  const loaded = await loadConfig(
    {
      configFiles: [
        file(
          'agent.conf',
          `[haproxy_amphora]\nbase_path = ${base}\n[amphora_agent]\namphora_id = ${amphora}\n`,
        ),
      ],
      configDirs: [],
      localFiles: [
        {
          path: file(
            'local.conf',
            `[amphorad]\nnetwork_namespace = ${namespace}\nprocess_manager = direct\n`,
          ),
          required: true,
        },
      ],
      environment: {},
    },
    host.files,
  );
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
  const core = wireCore(loaded.config, { ...host, log: createRecordedLog() });
  cores.push(core);
  return core;
}

const detailOf = (thrown: unknown): string => (isAgentError(thrown) ? (thrown.detail ?? '') : String(thrown));
const pathOf = (suffix: string): string =>
  join(directory, 'lib', 'lvs', `octavia-keepalivedlvs-${id}.${suffix}`);
const pidNow = (): number => Number(readFileSync(pathOf('pid'), 'utf8').trim());
const textOf = (changes: Parameters<typeof udpListener>[0] = {}): string =>
  udpListener(changes).replaceAll('/var/lib/octavia', join(directory, 'lib'));

beforeEach(() => {
  directory = mkdtempSync('/tmp/au-');
});

afterEach(async () => {
  for (const core of cores) await core.udp.part({ stopChildren: true }).stop();
  cores = [];
  rmSync(directory, { recursive: true, force: true });
});

(canRender ? describe : describe.skip)("what Octavia's templates render for UDP and SCTP listeners", () => {
  it('is accepted, all of it', async () => {
    const { listeners } = (await startCore()).udp;
    const script = join(__dirname, 'octavia', 'render_lvs.py');
    const { stdout, stderr, status } = spawnSync(python, [script, join(directory, 'lib')], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    const rendered = Object.entries(JSON.parse(stdout) as Readonly<Record<string, string>>);
    expect(rendered.length).toBeGreaterThanOrEqual(60);
    const refused: string[] = [];
    for (const [name, text] of rendered) {
      await listeners.upload(id, text).catch((thrown: unknown) => {
        refused.push(`${name}: ${detailOf(thrown)}`);
      });
      expect(await listeners.config(id)).toBe(text);
      const type = name.startsWith('sctp') && text.includes('virtual_server') ? 'SCTP' : 'UDP';
      expect(await listeners.list()).toEqual([{ id, type, isRunning: false }]);
    }
    expect(refused).toEqual([]);
  }, 120_000);
});

(canRun ? describe : describe.skip)('the real keepalived', () => {
  it('refuses what it does not know, in its own words', async () => {
    const { listeners } = (await startCore()).udp;
    const text = textOf().replace('lb_algo wrr', 'lb_algo no-such-scheduler');
    await expect(listeners.upload(id, text)).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: expect.stringMatching(/no-such-scheduler/),
    });
  });

  it('runs, outlives the agent, is adopted, reloaded as the same process, and ended', async () => {
    const first = (await startCore()).udp.listeners;
    await first.upload(id, idle);
    await first.start(id);
    const pid = pidNow();
    const second = (await startCore()).udp;
    await second.restore();
    await second.listeners.upload(id, `${idle}# changed\n`);
    await second.listeners.reload(id);
    expect(pidNow()).toBe(pid);
    expect(readFileSync(pathOf('log'), 'utf8')).toContain('Reloading ...');
    await second.listeners.remove(id);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(pathOf('conf'))).toBe(false);
  });

  it('is started again when it is killed', async () => {
    const core = await startCore();
    await core.udp.part({ stopChildren: false }).start();
    await core.udp.listeners.upload(id, idle);
    await core.udp.listeners.start(id);
    const pid = pidNow();
    process.kill(pid, 'SIGKILL');
    await eventually(() => {
      expect(pidNow()).not.toBe(pid);
    });
  });

  it('serves members where the kernel has ip_vs, and says so where it has not', async () => {
    const { listeners } = (await startCore()).udp;
    await listeners.upload(id, textOf());
    const outcome = await listeners.start(id).then(() => 'started', detailOf);
    if (outcome === 'started') {
      expect(readFileSync('/proc/net/ip_vs', 'utf8')).toContain('0A000005:0035');
      return;
    }
    expect(outcome).toMatch(/^this kernel has no ip_vs/);
    expect(existsSync(pathOf('pid'))).toBe(false);
    // What cannot serve can still be switched off and on: nothing that runs needs ip_vs then.
    await listeners.upload(id, idle);
    await listeners.start(id);
    await listeners.upload(id, textOf());
    await expect(listeners.reload(id)).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(readFileSync(pathOf('live'), 'utf8')).not.toContain('virtual_server');
    expect(existsSync(`/proc/${pidNow()}`)).toBe(true);
  });

  it('knows the account of scripts at a reload before it reads the checks, or it would drop them', async () => {
    const { listeners } = (await startCore()).udp;
    // A service without members has keepalived start its checkers, also on a kernel without ip_vs.
    await listeners.upload(id, textOf({ members: [] }));
    await listeners.start(id);
    await listeners.upload(id, textOf());
    await listeners.reload(id).catch((thrown: unknown) => {
      expect(detailOf(thrown)).toMatch(/^this kernel has no ip_vs/);
    });
    const said = readFileSync(pathOf('log'), 'utf8');
    expect(said).toContain('Reloading ...');
    expect(said).not.toContain('Unable to set default user');
  });

  it('keeps the wanted namespace', async () => {
    const namespace = `udp-${process.pid}`;
    expect(succeeds('ip', 'netns', 'add', namespace)).toBe(true);
    try {
      const { listeners } = (await startCore(namespace)).udp;
      await listeners.upload(id, idle);
      await listeners.start(id);
      expect(readlinkSync(`/proc/${pidNow()}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
      await listeners.stop(id);
    } finally {
      spawnSync('ip', ['netns', 'delete', namespace]);
    }
  });
});

describe('the health script', () => {
  it('tells what refuses from what does not', async () => {
    const script = join('agent', 'companions', 'udp_check.sh');
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const asks = (): boolean => succeeds(script, '127.0.0.1', String(port));
    expect(asks()).toBe(true);
    await new Promise<void>((resolve) => socket.close(resolve));
    expect(asks()).toBe(false);
  });
});

afterAll(() => {
  expect(cores).toEqual([]);
});
