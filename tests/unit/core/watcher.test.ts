// What should run, runs: over the whole core on a machine of fakes, with time moved by hand.

import { describe, expect, it } from '@jest/globals';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';

const config = 'listen a\n bind 10.0.0.5:80\n';
const longMs = 3_600_000;

const watched = async (amphorad = '') => {
  const amphora = await createScriptedAmphora({
    local: `[amphorad]\nnetwork_namespace =\n${amphorad}\n`,
  });
  const { haproxy, runner, clock, pass } = amphora;
  const verbs = () => amphora.core().loadBalancers;
  await verbs().upload({ id, text: config, peer: amphoraId, owner: 'octavia-v0.1' });
  amphora.core().watcher.start();
  await pass(verbs().start(id));
  const pids = (): readonly number[] => haproxy.groups().map(({ pid }) => pid);
  return {
    ...amphora,
    verbs,
    pids,
    status: async () => (await amphora.core().statuses.list())[0]?.status,
    findings: async () =>
      (await amphora.core().watcher.findings()).map(({ check, what }) => `${check}: ${what}`),
    crashLog: () => amphora.files.snapshot()[amphora.paths(id).crashLog],
    async kill(): Promise<void> {
      runner.endProcess(pids()[0]!, { signal: 'SIGKILL' });
      await clock.advance(0);
    },
    /** Seconds until something runs again; a start takes some tens of milliseconds. */
    async backAfterS(): Promise<number> {
      const since = clock.monotonic();
      while (pids().length === 0) {
        if (clock.monotonic() - since > longMs) throw new Error('it does not come back');
        await clock.advance(50);
      }
      const ms = clock.monotonic() - since;
      // Until the start has been proven and recorded.
      await clock.advance(100);
      return Math.round(ms / 1_000);
    },
  };
};
type Watched = Awaited<ReturnType<typeof watched>>;

describe('a group that dies', () => {
  it('is started again at once after its first death, then less and less often', async () => {
    const amphora = await watched();
    const waits: number[] = [];
    for (let death = 0; death < 8; death += 1) {
      await amphora.kill();
      waits.push(await amphora.backAfterS());
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('after a minute up counts as sound again', async () => {
    const amphora = await watched();
    for (let death = 0; death < 3; death += 1) {
      await amphora.kill();
      await amphora.backAfterS();
    }
    await amphora.clock.advance(60_000);
    expect(amphora.crashLog()).toBeUndefined();
    await amphora.kill();
    expect(await amphora.backAfterS()).toBe(1);
  });

  it('is an error from that moment on, and running when it is back', async () => {
    const amphora = await watched();
    await amphora.kill();
    expect(await amphora.status()).toBe('error');
    expect((await amphora.core().details.details()).haproxyCount).toBe(0);
    await amphora.backAfterS();
    expect(await amphora.status()).toBe('running');
    expect((await amphora.core().details.details()).haproxyCount).toBe(1);
  });

  it('is said to be down, with its end and its last words', async () => {
    const amphora = await watched();
    amphora.files.plant(amphora.paths(id).log, '[ALERT] worker exited with code 139\n');
    await amphora.kill();
    expect(await amphora.findings()).toEqual([
      `haproxy-down: haproxy of load balancer ${id} is down: it died (SIGKILL); failures in a row: 1, next start: in 1 s; its last words: [ALERT] worker exited with code 139`,
    ]);
    expect(amphora.crashLog()).toMatch(/Z died \(SIGKILL\)\n\[ALERT\] worker exited with code 139\n$/);
    expect(amphora.log.entries.at(-1)).toMatchObject({
      level: 'error',
      message: 'haproxy died (SIGKILL)',
      fields: { loadBalancer: id, nextTryInS: 1, output: '[ALERT] worker exited with code 139' },
    });
  });

  it('is noticed by a look when another agent had started it, also as a zombie or with its pid recycled', async () => {
    const amphora = await watched();
    for (const as of ['reaped', 'zombie', 'recycled'] as const) {
      amphora.core().watcher.stop();
      await amphora.restartAgent();
      amphora.core().watcher.start();
      const pid = amphora.pids()[0]!;
      amphora.runner.endProcess(pid, {}, as === 'zombie' ? as : 'reaped');
      if (as === 'recycled') amphora.runner.addProcess({ pid, startTicks: '7', argv: ['/bin/other'] });
      expect(await amphora.backAfterS()).toBeLessThanOrEqual(2);
      expect(amphora.runner.transcript.filter((line) => line.startsWith('signal'))).toEqual([]);
    }
  });

  it('shows as an error before the look that notices it', async () => {
    const amphora = await watched();
    amphora.core().watcher.stop();
    await amphora.restartAgent();
    amphora.core().watcher.start();
    await amphora.clock.advance(2_000);
    amphora.runner.endProcess(amphora.pids()[0]!, {}, 'zombie');
    expect(await amphora.status()).toBe('error');
  });

  it('comes back with what ran last when the stored configuration does not come up', async () => {
    const amphora = await watched();
    const stored = 'listen b\n bind 10.0.0.5:81\n';
    await amphora.verbs().upload({ id, text: stored, peer: amphoraId, owner: 'octavia-v0.1' });
    amphora.haproxy.refuse(/listen b/, 'no certificate');
    await amphora.kill();
    await amphora.backAfterS();
    expect(amphora.haproxy.groups()).toMatchObject([{ serves: [config, expect.anything()] }]);
    expect(await amphora.status()).toBe('running');
    expect(await amphora.findings()).toEqual([
      `haproxy-fallback: load balancer ${id} runs an older configuration: the stored one did not come up`,
    ]);
    await amphora.kill();
    await amphora.backAfterS();
    const told = amphora.log.entries.filter(({ message }) => message.startsWith('the stored configuration'));
    expect(told.map(({ level }) => level)).toEqual(['error', 'info']);
  });
});

describe('a group that does not come up', () => {
  const looping = async (): Promise<Watched> => {
    const amphora = await watched();
    amphora.haproxy.refuse(/./, '[ALERT] (1001) : unable to load certificate');
    await amphora.kill();
    await amphora.clock.advance(130_000);
    return amphora;
  };
  const starts = ({ runner }: Watched): number =>
    runner.transcript.filter((line) => line.includes(' -c ')).length;

  it('ends in error with its last words, is tried every minute, and is told once at error level', async () => {
    const amphora = await looping();
    expect(await amphora.status()).toBe('error');
    expect(await amphora.findings()).toEqual([
      expect.stringMatching(
        /it does not come up; failures in a row: 8, .*last words: \[ALERT\] \(1001\) : unable to load/,
      ),
    ]);
    expect(amphora.crashLog()).toContain('does not come up\n[ALERT] (1001) : unable to load certificate\n');
    const before = starts(amphora);
    // As haproxy prints it: each time with another pid.
    amphora.haproxy.refuse(/./, '[ALERT] (1002) : unable to load certificate');
    await amphora.clock.advance(60_000);
    // The stored configuration and the one that ran last.
    expect(starts(amphora) - before).toBe(2);
    const told = amphora.log.entries.filter(({ message }) => message === 'haproxy does not come up');
    expect(told).toHaveLength(8);
    expect(told.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('comes up by itself once it is repaired', async () => {
    const amphora = await looping();
    amphora.haproxy.refuse(undefined);
    expect(await amphora.backAfterS()).toBeLessThanOrEqual(60);
    expect(await amphora.status()).toBe('running');
    expect(await amphora.findings()).toEqual([]);
  });

  it('is started at once by a call, which also forgets its failures', async () => {
    const amphora = await looping();
    amphora.haproxy.refuse(undefined);
    await amphora.pass(amphora.verbs().start(id));
    expect(await amphora.status()).toBe('running');
    await amphora.kill();
    expect(await amphora.backAfterS()).toBe(1);
  });

  it('is tried again a second after a call that failed', async () => {
    const amphora = await looping();
    await expect(amphora.pass(amphora.verbs().reload(id))).rejects.toMatchObject({ kind: 'reload-failed' });
    amphora.haproxy.refuse(undefined);
    expect(await amphora.backAfterS()).toBe(1);
  });

  it('when the agent starts is taken over by the watcher', async () => {
    const amphora = await watched();
    amphora.core().watcher.stop();
    amphora.runner.endProcess(amphora.pids()[0]!);
    amphora.haproxy.refuse(/./, 'disk not mounted');
    expect(await amphora.restartAgent()).toMatchObject({ failed: [id] });
    amphora.core().watcher.start();
    amphora.haproxy.refuse(undefined);
    expect(await amphora.backAfterS()).toBeLessThanOrEqual(2);
  });

  const leave = ({ core }: Watched): Promise<void> => {
    core().watcher.stop();
    return Promise.resolve();
  };

  it.each<[what: string, act: (amphora: Watched) => Promise<unknown>]>([
    ['stopped', (amphora) => amphora.verbs().stop(id)],
    ['removed', (amphora) => amphora.verbs().remove(id)],
    ['paused', (amphora) => amphora.verbs().pause(id)],
    ['left by the watcher', leave],
  ])('stays down when it is %s', async (_what, act) => {
    const amphora = await looping();
    amphora.haproxy.refuse(undefined);
    await amphora.pass(act(amphora));
    await amphora.clock.advance(300_000);
    expect(amphora.pids()).toEqual([]);
    expect(amphora.crashLog() === undefined).toBe(_what === 'removed');
  });
});

describe('a group that is ended on purpose', () => {
  it.each<[what: string, act: (amphora: Watched) => Promise<unknown>]>([
    ['a stop', (amphora) => amphora.verbs().stop(id)],
    ['a removal', (amphora) => amphora.verbs().remove(id)],
    ['a pause', (amphora) => amphora.verbs().pause(id)],
  ])('by %s is not brought back', async (_what, act) => {
    const amphora = await watched();
    await amphora.pass(act(amphora));
    await amphora.clock.advance(300_000);
    expect(amphora.pids()).toEqual([]);
    expect(await amphora.findings()).toEqual([]);
  });

  it('while its restart waits for its turn stays down', async () => {
    const amphora = await watched();
    amphora.runner.script({
      match: / -c /,
      result: async () => {
        await amphora.clock.sleep(5_000);
        return { code: 0 };
      },
    });
    const upload = { id, text: config, peer: amphoraId, owner: 'octavia-v0.1' } as const;
    const changes = [amphora.verbs().upload(upload), amphora.verbs().stop(id)];
    await amphora.kill();
    await amphora.clock.advance(2_000);
    expect(await amphora.status()).toBe('error');
    await amphora.pass(Promise.all(changes));
    await amphora.clock.advance(300_000);
    expect(amphora.pids()).toEqual([]);
    expect(await amphora.status()).toBe('stopped');
  });
});

describe('a group that does not answer', () => {
  it('is an error after hang_timeout and not before, and good again when it answers', async () => {
    const amphora = await watched();
    const { pid } = amphora.haproxy.groups()[0]!;
    await amphora.clock.advance(20_000);
    amphora.haproxy.setInfo({ silent: true });
    // One question or more has failed by then.
    await amphora.clock.advance(4_900);
    expect(await amphora.status()).toBe('running');
    await amphora.clock.advance(5_400);
    expect(await amphora.status()).toBe('error');
    expect(await amphora.findings()).toEqual([
      `haproxy-hung: haproxy of load balancer ${id} (process ${pid}) lives and has not answered for 10 s`,
    ]);
    amphora.haproxy.setInfo(undefined);
    await amphora.clock.advance(500);
    expect(await amphora.status()).toBe('running');
    expect(amphora.pids()).toEqual([pid]);
    expect(amphora.log.messages('error')).toEqual(['haproxy does not answer']);
  });

  it('is left alone unless restart_hung is set', async () => {
    const amphora = await watched('hang_timeout = 2 s');
    const before = amphora.pids();
    amphora.haproxy.setInfo({ silent: true });
    await amphora.clock.advance(300_000);
    expect(amphora.pids()).toEqual(before);
  });

  it('is ended and started anew with restart_hung', async () => {
    const amphora = await watched('hang_timeout = 2 s\nrestart_hung = True');
    const [before] = amphora.pids();
    amphora.haproxy.setInfo({ silent: true });
    await amphora.clock.advance(3_500);
    amphora.haproxy.setInfo(undefined);
    await amphora.clock.advance(1_000);
    expect(amphora.runner.transcript).toContain(`signal SIGTERM ${before ?? 0}`);
    expect(amphora.pids()).not.toContain(before);
    expect(await amphora.status()).toBe('running');
    expect(amphora.log.messages('error')).toEqual(['haproxy does not answer']);
  });

  it('is not restarted when it answers before its turn has come', async () => {
    const amphora = await watched('hang_timeout = 2 s\nrestart_hung = True');
    const before = amphora.pids();
    await amphora.clock.advance(5_000);
    amphora.haproxy.setInfo({ silent: true });
    while ((await amphora.status()) !== 'error') await amphora.clock.advance(50);
    amphora.haproxy.setInfo(undefined);
    await amphora.clock.advance(60_000);
    expect(amphora.pids()).toEqual(before);
  });

  it('because the agent itself stood still is no error, even with its answers late', async () => {
    const amphora = await watched('hang_timeout = 2 s\nrestart_hung = True');
    const before = amphora.pids();
    await amphora.clock.advance(5_000);
    for (let pause = 0; pause < 20; pause += 1) {
      amphora.clock.standStill(3_600_000);
      amphora.haproxy.setInfo({ silent: true });
      await amphora.clock.advance(260);
      amphora.haproxy.setInfo(undefined);
      expect(await amphora.status()).toBe('running');
      await amphora.clock.advance(700);
    }
    await amphora.clock.advance(10_000);
    expect([amphora.pids(), amphora.log.messages('error')]).toEqual([before, []]);
  });

  it('is asked anew by whoever wants its status, as long as it was adopted and has not answered', async () => {
    const amphora = await watched();
    amphora.core().watcher.stop();
    amphora.haproxy.setInfo({ silent: true });
    await amphora.restartAgent();
    amphora.core().watcher.start();
    expect(await amphora.status()).toBe('error');
    amphora.haproxy.setInfo(undefined);
    expect(await amphora.status()).toBe('running');
  });
});

describe('a list of statuses', () => {
  it('asks no socket about a group that has answered', async () => {
    const amphora = await watched();
    await amphora.clock.advance(10_000);
    const before = amphora.sockets.transcript.length;
    expect(await amphora.status()).toBe('running');
    expect(amphora.sockets.transcript).toHaveLength(before);
  });
});

describe('a shortfall of descriptors', () => {
  it('is found as long as the group runs, also one that was adopted', async () => {
    const amphora = await watched();
    amphora.core().watcher.stop();
    await amphora.restartAgent();
    amphora.core().watcher.start();
    amphora.haproxy.setInfo(`Pid: 1\nMaxsock: 100029\nUlimit-n: 1024\n`);
    await amphora.clock.advance(6_000);
    expect(await amphora.findings()).toEqual([
      `haproxy-descriptors: haproxy of load balancer ${id} asks for 100029 file descriptors and has 1024`,
    ]);
    expect(amphora.log.messages('warning')).toHaveLength(1);
    await amphora.pass(amphora.verbs().stop(id));
    expect(await amphora.findings()).toEqual([]);
  });
});
