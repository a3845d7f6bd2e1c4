// Workers that linger after reloads: shown, and never ended while they have sessions or when they are not ours.

import { describe, expect, it } from '@jest/globals';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';
import { eventually } from '../../fakes/eventually';

const text = (port: number): string => `listen a\n bind :${port}\n`;

/** A listener that was reloaded `reloads` times, with sessions on each old worker; two are allowed. */
const reloaded = async (reloads: number, sessions: number) => {
  const local = '[amphorad]\nnetwork_namespace =\nmax_old_workers = 2\n';
  const amphora = await createScriptedAmphora({ local });
  const { loadBalancers, oldWorkers } = amphora.core();
  const put = (port: number) =>
    loadBalancers.upload({ id, text: text(port), peer: amphoraId, owner: 'octavia-v0.1' });
  await put(80);
  await amphora.pass(loadBalancers.start(id));
  for (let round = 1; round <= reloads; round += 1) {
    await put(80 + round);
    await amphora.pass(loadBalancers.reload(id));
  }
  const group = amphora.haproxy.groups()[0]!;
  for (const { pid } of group.oldWorkers) amphora.haproxy.linger(pid, sessions);
  const ended = new AbortController();
  oldWorkers.start(ended.signal);
  return {
    ...amphora,
    oldWorkers,
    group,
    old: () => group.oldWorkers.map(({ pid }) => pid),
    /** Long enough for an idle one to have been seen idle, and to be asked. */
    wait: () => amphora.clock.advance(95_000),
    terms: () => amphora.runner.transcript.filter((line) => line.startsWith('signal SIGTERM')),
  };
};

describe('old workers', () => {
  it('are told with age and sessions, the oldest first', async () => {
    const { oldWorkers, old } = await reloaded(2, 3);
    const [first, second] = old();
    expect(await oldWorkers.of(id)).toEqual([
      { pid: first, ageS: 1, sessions: 3, isIdle: false },
      { pid: second, ageS: 1, sessions: 3, isIdle: false },
    ]);
  });

  it('are counted as they were seen last, without asking', async () => {
    const { oldWorkers, sockets, wait } = await reloaded(2, 3);
    await wait();
    const asked = sockets.transcript.length;
    expect([...oldWorkers.counts()]).toEqual([[id, 2]]);
    expect(sockets.transcript).toHaveLength(asked);
  });

  it('that do not answer are told without sessions, and taken for busy', async () => {
    const { oldWorkers, sockets, old, wait, terms } = await reloaded(3, 0);
    sockets.script({ line: /@!\d+ show info/, answer: { silent: true } });
    expect(await oldWorkers.of(id)).toHaveLength(3);
    expect((await oldWorkers.of(id))[0]).toMatchObject({ pid: old()[0], sessions: undefined, isIdle: false });
    await wait();
    expect(terms()).toEqual([]);
  });

  it('are none where haproxy does not run', async () => {
    const { oldWorkers, runner, group } = await reloaded(1, 1);
    runner.endProcess(group.pid);
    expect(await oldWorkers.of(id)).toEqual([]);
  });

  it('with sessions are never ended, however many: a finding and one warning tell of them', async () => {
    const { oldWorkers, log, wait, terms } = await reloaded(5, 2);
    await wait();
    await wait();
    expect(terms()).toEqual([]);
    expect(log.entries.filter(({ message }) => message.includes('linger'))).toEqual([
      {
        level: 'warning',
        message: 'more old haproxy workers linger than allowed',
        fields: expect.objectContaining({ loadBalancer: id, count: 5, most: 2 }),
      },
    ]);
    expect(await oldWorkers.findings()).toEqual([
      expect.objectContaining({
        check: 'old-workers',
        severity: 'warning',
        what: expect.stringContaining(`${id} has 5 old haproxy workers with 10 connections`),
      }),
    ]);
  });

  it('without sessions are asked to end, the oldest first, and only those that are too many', async () => {
    const { oldWorkers, old, wait, terms } = await reloaded(5, 0);
    const [one, two, three] = old();
    await wait();
    expect(terms()).toEqual([`signal SIGTERM ${one}`, `signal SIGTERM ${two}`, `signal SIGTERM ${three}`]);
    expect(old()).toHaveLength(2);
    expect(await oldWorkers.findings()).toEqual([]);
  });

  it('that are idle are let be where they are not too many', async () => {
    const { wait, terms } = await reloaded(2, 0);
    await wait();
    expect(terms()).toEqual([]);
  });

  it('that have just been replaced are let be for half a minute: they may be handing over what they know', async () => {
    const { clock, terms } = await reloaded(5, 0);
    await clock.advance(31_000);
    expect(terms()).toEqual([]);
  });

  it('are no longer asked for when all have ended', async () => {
    const { sockets, clock, group, wait } = await reloaded(1, 1);
    await wait();
    group.oldWorkers = [];
    await wait();
    const asked = sockets.transcript.length;
    await clock.advance(600_000);
    expect(sockets.transcript).toHaveLength(asked);
  });

  it('are found again by a restarted agent', async () => {
    const machine = await reloaded(5, 2);
    await machine.restartAgent();
    const { oldWorkers } = machine.core();
    await eventually(async () => expect(await oldWorkers.findings()).toHaveLength(1));
  });
});

describe('an idle process that haproxy calls an old worker is not signalled when', () => {
  type Machine = Awaited<ReturnType<typeof reloaded>>;
  it.each<[what: string, change: (machine: Machine, pid: number) => unknown]>([
    [
      'its parent is another',
      ({ files }, pid) => files.plant(`/proc/${pid}/stat`, `${pid} (haproxy) S 1 1 0`),
    ],
    [
      'its name imitates the parent',
      ({ files, group }, pid) => files.plant(`/proc/${pid}/stat`, `${pid} (x) S ${group.pid} 0) S 1 1 0`),
    ],
    ['it is gone', ({ runner }, pid) => runner.endProcess(pid)],
    ['it is a zombie', ({ runner }, pid) => runner.endProcess(pid, {}, 'zombie')],
    [
      'its arguments name another pid file',
      ({ runner, group }, pid) => {
        const found = runner.processes().find((process) => process.pid === pid)!;
        found.argv = group.argv.map((word) => (word.endsWith('.pid') ? `${word}x` : word));
      },
    ],
    [
      'its arguments name another master',
      ({ runner, group }, pid) => {
        const found = runner.processes().find((process) => process.pid === pid)!;
        found.argv = group.argv.map((word) => word.replace('master.sock', 'other.sock'));
      },
    ],
    [
      'the master is not the recorded one',
      ({ runner, group }) => {
        runner.endProcess(group.pid);
      },
    ],
  ])('%s', async (_what, change) => {
    const machine = await reloaded(3, 0);
    change(machine, machine.old()[0]!);
    await machine.wait();
    expect(machine.terms()).not.toContain(`signal SIGTERM ${machine.old()[0]}`);
  });
});
