// What operators set at run time outlives reloads: over the whole core on a machine of fakes, the agent killed included.

import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';

const text = (port: number, servers: readonly string[]): string =>
  `listen a\n bind :${port}\nbackend b\n${servers.map((line) => ` server ${line}\n`).join('')}`;
const three = ['m1 192.0.2.1:80', 'm2 192.0.2.2:80 weight 10', 'm3 192.0.2.3:80 disabled'];
const full = new AgentError('no-space', 'No space left on the disk');

/** Serves three servers on port 80; `set` is what an operator types. */
const serving = async (servers: readonly string[] = three) => {
  const amphora = await createScriptedAmphora();
  const verbs = () => amphora.core().loadBalancers;
  const { masterSocket, operatorState } = amphora.paths(id);
  const upload = (wanted: string) =>
    verbs().upload({ id, text: wanted, peer: amphoraId, owner: 'octavia-v0.1' });
  const tell = (command: string) => amphora.sockets.request(masterSocket, `@1 ${command}`, { timeoutMs: 1 });
  await upload(text(80, servers));
  await amphora.pass(verbs().start(id));
  return {
    ...amphora,
    path: operatorState,
    set: async (...changes: readonly string[]) => {
      for (const change of changes) await tell(`set server ${change}`);
    },
    /** Admin state and weight of each server. */
    states: async (): Promise<Readonly<Record<string, string>>> => {
      const rows = (await tell('show servers state')).trim().split('\n').slice(2);
      return Object.fromEntries(
        rows.map((row) => {
          const cells = row.split(' ');
          return [cells[3] ?? '', `${cells[6]} ${cells[7]}`];
        }),
      );
    },
    reload: async (wanted: string) => {
      await upload(wanted);
      return amphora.pass(verbs().reload(id));
    },
    /** What was set since the last signal. */
    told: () => {
      const { transcript } = amphora.sockets;
      return transcript.flatMap((line) => /: @1 (set server .*)$/.exec(line)?.[1] ?? []);
    },
    kept: () => amphora.files.snapshot()[operatorState],
  };
};
type Serving = Awaited<ReturnType<typeof serving>>;

const untouched = { m1: '0 1', m2: '0 10', m3: '5 1' };
const all = ['b/m1 state drain', 'b/m2 weight 3', 'b/m3 state ready'];
const allSet = { m1: '8 1', m2: '0 3', m3: '4 1' };

describe('a reload', () => {
  it('leaves drain, weight and a server made ready as the operator set them, and lets go of what it kept', async () => {
    const machine = await serving();
    await machine.set(...all);
    await machine.reload(text(81, three));
    expect(await machine.states()).toEqual(allSet);
    expect(machine.kept()).toBeUndefined();
    expect(machine.log.entries).toContainEqual(
      expect.objectContaining({
        message: 'operator state re-applied',
        fields: { loadBalancer: id, servers: 3 },
      }),
    );
  });

  it('leaves maintenance too', async () => {
    const machine = await serving();
    await machine.set('b/m1 state maint', 'b/m1 weight 0');
    await machine.reload(text(81, three));
    expect(await machine.states()).toEqual({ ...untouched, m1: '1 0' });
  });

  it('has it on disk before the signal, for the agent alone', async () => {
    const machine = await serving();
    await machine.set(...all);
    machine.haproxy.nextReload('hangs');
    const reloading = machine.reload(text(81, three));
    await machine.clock.advance(100);
    const found = machine.kept();
    expect((await machine.files.stat(machine.path))?.mode).toBe(0o600);
    expect(machine.runner.transcript.at(-1)).toMatch(/^signal SIGUSR2/);
    await expect(reloading).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(JSON.parse(String(found))).toMatchObject({
      schema: 1,
      servers: [
        { server: 'm1', address: '192.0.2.1:80', mode: 'drain' },
        { server: 'm2', configuredWeight: 10, weight: 3 },
        { server: 'm3', isDisabled: true, mode: 'ready' },
      ],
    });
  });

  it('of servers that nobody touched sends nothing and writes nothing', async () => {
    const machine = await serving();
    await machine.reload(text(81, three));
    expect(machine.told()).toEqual([]);
    expect(await machine.states()).toEqual(untouched);
  });

  it('sends only what the new worker does not have by itself', async () => {
    const machine = await serving();
    await machine.set('b/m3 state ready', 'b/m1 state maint');
    const before = machine.told().length;
    await machine.reload(text(81, ['m1 192.0.2.1:80', 'm3 192.0.2.3:80']));
    expect(machine.told().slice(before)).toEqual(['set server b/m1 state maint']);
  });

  it.each<[what: string, server: string]>([
    ['address', 'm1 192.0.2.9:80'],
    ['port', 'm1 192.0.2.1:8080'],
    ['weight', 'm1 192.0.2.1:80 weight 7'],
  ])('does not carry it to a server with another configured %s', async (_what, server) => {
    const machine = await serving();
    await machine.set('b/m1 state drain', 'b/m2 weight 3');
    await machine.reload(text(80, [server, ...three.slice(1)]));
    expect(await machine.states()).toMatchObject({ m1: expect.stringMatching(/^0 [17]$/), m2: '0 3' });
  });

  it('does not make ready, or drain, what the configuration has come to disable', async () => {
    const machine = await serving();
    await machine.set('b/m1 state drain');
    await machine.reload(text(81, ['m1 192.0.2.1:80 disabled', ...three.slice(1)]));
    expect(await machine.states()).toEqual({ ...untouched, m1: '5 1' });
  });

  it('goes on for the others when haproxy refuses one, and the log has its words', async () => {
    const machine = await serving();
    await machine.set('b/m1 state drain', 'b/m2 weight 3');
    machine.sockets.script({ line: /m1 state drain$/, answer: 'No.\n\n' });
    await machine.reload(text(81, three));
    expect(await machine.states()).toEqual({ ...untouched, m2: '0 3' });
    expect(machine.log.entries).toContainEqual(
      expect.objectContaining({ message: 'operator state of a server is lost', level: 'warning' }),
    );
  });

  it('is refused without a signal when it cannot be written down; the old worker has it all', async () => {
    const machine = await serving();
    await machine.set(...all);
    machine.files.failNext('writeAtomic', full, /operator-state\.json$/);
    await expect(machine.reload(text(81, three))).rejects.toBe(full);
    expect(machine.runner.transcript.filter((line) => line.includes('SIGUSR2'))).toEqual([]);
    expect(await machine.states()).toEqual(allSet);
  });

  it('that fails leaves the old worker what it has, and nothing on disk', async () => {
    const machine = await serving();
    await machine.set(...all);
    const before = machine.told().length;
    machine.haproxy.nextReload({ fails: 'no' });
    await expect(machine.reload(text(81, three))).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(await machine.states()).toEqual(allSet);
    expect([machine.told().slice(before), machine.kept()]).toEqual([[], undefined]);
  });

  it('that the proof refuses has it set again in the worker that came back', async () => {
    const machine = await serving();
    await machine.set(...all);
    machine.listeners.hide('0.0.0.0:81');
    await expect(machine.reload(text(81, three))).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(machine.haproxy.groups()[0]?.serves[0]).toContain(':80');
    expect([await machine.states(), machine.kept()]).toEqual([allSet, undefined]);
  });

  it('of what already runs touches nothing', async () => {
    const machine = await serving();
    await machine.set(...all);
    const before = machine.told().length;
    await machine.reload(text(80, three));
    expect([machine.told().slice(before), await machine.states()]).toEqual([[], allSet]);
  });

  it('never says an unusual name, and the log tells that it is lost', async () => {
    const machine = await serving(['m1{x} 192.0.2.1:80', 'm2 192.0.2.2:80']);
    await machine.set('b/m1{x} state drain', 'b/m2 state drain');
    const before = machine.told().length;
    await machine.reload(text(81, ['m1{x} 192.0.2.1:80', 'm2 192.0.2.2:80']));
    expect(machine.told().slice(before)).toEqual(['set server b/m2 state drain']);
    expect(machine.log.messages('warning')).toContain('operator state of servers with unusual names is lost');
  });
});

describe('an agent that is killed between the signal and setting it again', () => {
  /** The new worker serves; the agent never gets to its first word to it. */
  const killed = async (wanted: string): Promise<Serving> => {
    const machine = await serving();
    await machine.set(...all);
    let lives = true;
    machine.sockets.script({
      line: /set server/,
      answer: () => (lives ? new Promise<never>(() => undefined) : undefined),
    });
    void machine.reload(wanted).catch(() => undefined);
    await machine.clock.advance(1_000);
    expect(await machine.states()).toEqual(untouched);
    expect(machine.kept()).toBeDefined();
    lives = false;
    return machine;
  };

  it('sets it when it is started again, and lets go of it', async () => {
    const machine = await killed(text(81, three));
    expect(await machine.restartAgent()).toMatchObject({ adopted: [id] });
    expect([await machine.states(), machine.kept()]).toEqual([allSet, undefined]);
  });

  it('does so for the servers that are the same in what was reloaded', async () => {
    const machine = await killed(text(81, ['m1 192.0.2.9:80', ...three.slice(1)]));
    await machine.restartAgent();
    expect(await machine.states()).toEqual({ ...allSet, m1: '0 1' });
  });

  it('sets it in a group that it has to start, too', async () => {
    const machine = await killed(text(81, three));
    machine.runner.endProcess(machine.haproxy.groups()[0]!.pid);
    expect(await machine.restartAgent()).toMatchObject({ started: [id] });
    expect([await machine.states(), machine.kept()]).toEqual([allSet, undefined]);
  });

  it('keeps it for the next reload while haproxy does not answer', async () => {
    const machine = await killed(text(81, three));
    let isSilent = true;
    machine.sockets.script({
      line: /servers state/,
      answer: () => (isSilent ? { silent: true } : undefined),
    });
    await machine.restartAgent();
    expect(machine.kept()).toBeDefined();
    expect(machine.log.messages('error')).toContain('operator state not re-applied');
    isSilent = false;
    await machine.reload(text(82, three));
    expect([await machine.states(), machine.kept()]).toEqual([allSet, undefined]);
  });
});

describe('what was kept', () => {
  it('before a signal that was never sent is let go: the worker has it, and its operator may have gone on', async () => {
    const machine = await serving();
    await machine.set(...all);
    const worker = machine.haproxy.groups()[0]!.worker;
    const m1 = {
      backend: 'b',
      server: 'm1',
      address: '192.0.2.1:80',
      configuredWeight: 1,
      isDisabled: false,
    };
    machine.files.plant(
      machine.path,
      JSON.stringify({ schema: 1, worker, servers: [{ ...m1, mode: 'maint' }] }),
    );
    await machine.restartAgent();
    expect([await machine.states(), machine.kept()]).toEqual([allSet, undefined]);
  });

  it.each(['', '{', '[]', '{"schema":2,"worker":7,"servers":[]}', '{"schema":1,"worker":7,"servers":[{}]}'])(
    'and cannot be read is told in the log and let go: %j',
    async (content) => {
      const machine = await serving();
      machine.files.plant(machine.path, content);
      expect(await machine.restartAgent()).toMatchObject({ adopted: [id] });
      expect(machine.log.messages('warning').join()).toMatch(/operator state/);
      expect(machine.kept()).toBeUndefined();
    },
  );
});
