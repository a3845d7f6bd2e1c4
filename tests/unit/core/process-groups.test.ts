// Start, reload and stop of one load balancer, over the whole core on a machine of fakes.

import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import {
  amphoraId,
  createScriptedAmphora,
  firstId as id,
  secondId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';

const config = 'listen a\n bind 10.0.0.5:80\n';
const full = new AgentError('no-space', 'No space left on the disk');

const uploaded = async (options: { local?: string } = {}) => {
  const amphora = await createScriptedAmphora(options);
  const { pass } = amphora;
  const verbs = () => amphora.core().loadBalancers;
  const upload = (text: string, which = id): Promise<void> =>
    verbs().upload({ id: which, text, peer: amphoraId, owner: 'octavia-v0.1' });
  await upload(config);
  return {
    ...amphora,
    upload,
    start: () => pass(verbs().start(id)),
    reload: () => pass(verbs().reload(id)),
    stop: () => pass(verbs().stop(id)),
    pause: () => pass(verbs().pause(id)),
  };
};
const desired = async (amphora: ScriptedAmphora): Promise<string | undefined> =>
  (await amphora.core().state.read(id))?.desired;
const signalsOf = (amphora: ScriptedAmphora): readonly string[] =>
  amphora.runner.transcript.filter((line) => line.startsWith('signal'));

describe('a start', () => {
  it('serves the stored configuration and is remembered', async () => {
    const amphora = await uploaded();
    const { pid, started } = await amphora.start();
    expect(started).toBe(true);
    expect(amphora.haproxy.groups()).toMatchObject([
      { pid, peer: amphoraId, serves: [config, expect.anything()] },
    ]);
    expect(await amphora.core().state.read(id)).toMatchObject({ desired: 'running', process: { pid } });
    expect(await amphora.core().loadBalancers.living(id)).toMatchObject({ pid });
  });

  it('leaves a running group alone', async () => {
    const amphora = await uploaded();
    const { pid } = await amphora.start();
    await amphora.upload('listen b\n bind :80\n');
    expect(await amphora.start()).toEqual({ pid, started: false });
    expect(amphora.haproxy.groups()).toMatchObject([{ serves: [config, expect.anything()] }]);
  });

  it('that fails gives what haproxy printed, and it stays stopped', async () => {
    const amphora = await uploaded();
    amphora.haproxy.nextStart({ fails: '[ALERT] cannot bind socket' });
    await expect(amphora.start()).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error starting haproxy',
      detail: '[ALERT] cannot bind socket',
    });
    expect(await desired(amphora)).toBe('stopped');
    expect(await amphora.core().statuses.describe(id)).toMatchObject({ status: 'stopped' });
    expect(amphora.haproxy.groups()).toEqual([]);
  });

  it('is refused when a file that the configuration names has gone bad since the upload', async () => {
    const amphora = await uploaded();
    await amphora.restartAgent();
    amphora.haproxy.refuse(/./, 'unable to load certificate');
    await expect(amphora.start()).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error starting haproxy',
      detail: 'unable to load certificate',
    });
    expect(amphora.runner.transcript.filter((line) => line.startsWith('start'))).toEqual([]);
    expect(await desired(amphora)).toBe('stopped');
  });

  it('of what has no configuration is not found', async () => {
    const amphora = await createScriptedAmphora();
    await expect(amphora.core().loadBalancers.start(secondId)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('of what still runs after a stop that failed makes it last over a restart of the agent', async () => {
    const amphora = await uploaded();
    const { pid } = await amphora.start();
    const state = await amphora.core().state.read(id);
    await amphora.core().state.write(id, { ...state!, desired: 'stopped' });
    expect(await amphora.start()).toEqual({ pid, started: false });
    expect(await amphora.restartAgent()).toMatchObject({ adopted: [id] });
    expect(amphora.haproxy.groups()).toMatchObject([{ pid }]);
  });

  it('that cannot be remembered is undone', async () => {
    const amphora = await uploaded();
    const { files } = amphora;
    const original = await amphora.core().state.read(id);
    const starting = amphora.core().loadBalancers.start(id);
    while (amphora.haproxy.groups().length === 0) await amphora.clock.advance(0);
    files.failNext('writeAtomic', full, /state\.json$/);
    await expect(amphora.pass(starting)).rejects.toBe(full);
    expect(amphora.haproxy.groups()).toEqual([]);
    expect(await amphora.core().state.read(id)).toEqual(original);
    await amphora.upload(config, secondId);
    expect((await amphora.pass(amphora.core().loadBalancers.start(secondId))).started).toBe(true);
  });

  it.each([
    ['the overlay', 'writeAtomic', /overlay\.cfg$/],
    ['what haproxy reads', 'writeAtomic', /live\.cfg$/],
    ['what it was started from', 'writeAtomic', /running\.cfg$/],
    ['what is wanted', 'writeAtomic', /state\.json$/],
    ['the directory of its sockets', 'makeDirectory', /./],
  ] as const)('that cannot write %s changes nothing', async (_what, operation, path) => {
    const amphora = await uploaded();
    amphora.files.failNext(operation, full, path);
    await expect(amphora.start()).rejects.toBe(full);
    expect(amphora.haproxy.groups()).toEqual([]);
    expect(await desired(amphora)).toBe('stopped');
    expect(await amphora.core().loadBalancers.config(id)).toBe(config);
    expect((await amphora.start()).started).toBe(true);
  });
});

describe('a reload', () => {
  it('makes the running group serve the stored configuration under the same pid', async () => {
    const amphora = await uploaded();
    const { pid } = await amphora.start();
    await amphora.upload('listen b\n bind :80\n');
    expect(await amphora.reload()).toEqual({ pid, started: false, applied: 'reload' });
    expect(amphora.haproxy.groups()).toMatchObject([
      { pid, serves: ['listen b\n bind :80\n', expect.anything()] },
    ]);
  });

  it('starts what does not run', async () => {
    const amphora = await uploaded();
    expect((await amphora.reload()).started).toBe(true);
    expect(await desired(amphora)).toBe('running');
  });

  it('that haproxy fails leaves the old worker, and the stored configuration as it was accepted', async () => {
    const amphora = await uploaded();
    await amphora.start();
    await amphora.upload('listen b\n bind :80\n');
    amphora.haproxy.nextReload({ fails: '[ALERT] cannot bind' });
    await expect(amphora.reload()).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error reloading haproxy',
      detail: '[ALERT] cannot bind',
    });
    expect(amphora.haproxy.groups()).toMatchObject([{ serves: [config, expect.anything()] }]);
    expect(await amphora.core().loadBalancers.config(id)).toBe('listen b\n bind :80\n');
    expect(await desired(amphora)).toBe('running');
    expect(await amphora.core().statuses.describe(id)).toMatchObject({ status: 'running' });
  });

  it('that the check refuses sends no signal', async () => {
    const amphora = await uploaded();
    await amphora.start();
    await amphora.restartAgent();
    amphora.haproxy.refuse(/./, 'map file gone');
    await expect(amphora.reload()).rejects.toMatchObject({
      message: 'Error reloading haproxy',
      detail: 'map file gone',
    });
    expect(signalsOf(amphora)).toEqual([]);
  });

  it('in which the master dies shows as an error until it is started again', async () => {
    const amphora = await uploaded();
    const { pid } = await amphora.start();
    await amphora.upload('listen b\n bind :80\n');
    amphora.haproxy.nextReload({ dies: 'out of memory' });
    await expect(amphora.reload()).rejects.toMatchObject({ detail: 'out of memory' });
    expect(await amphora.core().statuses.list()).toMatchObject([{ status: 'error' }]);
    const again = await amphora.start();
    expect(again).toMatchObject({ started: true });
    expect(again.pid).not.toBe(pid);
  });

  it('waits for the change before it', async () => {
    const amphora = await uploaded();
    const { loadBalancers } = amphora.core();
    const all = Promise.all([
      loadBalancers.start(id),
      amphora.upload('listen b\n bind :80\n'),
      loadBalancers.reload(id),
      loadBalancers.start(id),
    ]);
    const [first, , second, third] = await amphora.pass(all);
    expect([first.started, second.started, third.started]).toEqual([true, false, false]);
    expect(new Set([first.pid, second.pid, third.pid]).size).toBe(1);
    expect(amphora.haproxy.groups()).toMatchObject([{ reloads: 1 }]);
  });

  it('that waits for its window still comes before the stop that is called next', async () => {
    const amphora = await uploaded({ local: '[amphorad]\nnetwork_namespace =\nreload_window = 5\n' });
    await amphora.reload();
    await amphora.upload('listen b\n bind :80\n');
    const { loadBalancers } = amphora.core();
    const [{ started }] = await amphora.pass(Promise.all([loadBalancers.reload(id), loadBalancers.stop(id)]));
    expect(started).toBe(false);
    expect(amphora.haproxy.groups()).toEqual([]);
    expect(await desired(amphora)).toBe('stopped');
  });

  it('of a timeout in the check is no refusal', async () => {
    const amphora = await uploaded();
    await amphora.restartAgent();
    amphora.runner.script({ match: / -c /, result: { code: null, timedOut: true } });
    await expect(amphora.reload()).rejects.toMatchObject({ kind: 'timeout' });
  });
});

describe('a stop', () => {
  it('ends the group and lasts', async () => {
    const amphora = await uploaded();
    await amphora.start();
    await amphora.stop();
    expect(amphora.haproxy.groups()).toEqual([]);
    expect(await desired(amphora)).toBe('stopped');
    expect(await amphora.core().statuses.list()).toMatchObject([{ status: 'stopped' }]);
  });

  it('of what is stopped is no error, and of what is not there is', async () => {
    const amphora = await uploaded();
    await amphora.stop();
    await amphora.stop();
    await expect(amphora.core().loadBalancers.stop(secondId)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('of a process whose pid was recycled signals nobody', async () => {
    const amphora = await uploaded();
    const { pid } = await amphora.start();
    amphora.runner.endProcess(pid);
    amphora.runner.addProcess({ pid, startTicks: '99999999', argv: ['/usr/sbin/sshd'] });
    await amphora.stop();
    expect(signalsOf(amphora)).toEqual([]);
    expect(amphora.runner.processes()).toMatchObject([{ pid }]);
  });

  it('for a moment leaves what is wanted', async () => {
    const amphora = await uploaded();
    await amphora.start();
    await amphora.pause();
    expect(amphora.haproxy.groups()).toEqual([]);
    expect(await desired(amphora)).toBe('running');
    expect(await amphora.restartAgent()).toMatchObject({ started: [id] });
  });
});

describe('the log', () => {
  it('has one line for each thing done, with load balancer and pid', async () => {
    const amphora = await uploaded();
    const { pid } = await amphora.start();
    await amphora.upload('listen b\n bind :80\n');
    await amphora.reload();
    await amphora.stop();
    expect(amphora.log.entries).toEqual(
      ['haproxy started', 'haproxy reloaded', 'haproxy stopped'].map((message) => ({
        level: 'info',
        message,
        fields: {
          loadBalancer: id,
          pid,
          ...(message === 'haproxy reloaded' ? { reason: 'sections come, go or move' } : {}),
        },
      })),
    );
  });
});
