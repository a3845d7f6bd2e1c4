// Process groups as detached children: started, known again, and never mistaken for another.

import { describe, expect, it } from '@jest/globals';
import { createDirectSupervisor } from '../../../agent/supervisor/direct';
import type { ServiceSpec } from '../../../agent/supervisor/service';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { passTime } from '../../fakes/pass-time';
import { createScriptedRunner, type FakeProcess, type RunnerRule } from '../../fakes/scripted-runner';

const spec: ServiceSpec = {
  name: 'haproxy-1',
  through: [],
  argv: ['/usr/sbin/haproxy', '-Ws', '-f', '/b/1/haproxy.cfg', '-L', 'peer'],
  marks: [['-Ws'], ['-f', '/b/1/haproxy.cfg']],
  logPath: '/b/1/haproxy.log',
};

const setUp = (rule: Partial<RunnerRule> = {}) => {
  const runner = createScriptedRunner([{ match: /haproxy/, ...rule }]);
  const system = createLiteralSystem();
  const clock = createHandClock();
  const supervisor = createDirectSupervisor({ runner, system, clock });
  const signals = (): readonly string[] => runner.transcript.filter((line) => line.startsWith('signal'));
  return { runner, system, clock, supervisor, signals };
};

describe('a started service', () => {
  it('is told by pid, start time and boot, and lives', async () => {
    const { runner, system, supervisor } = setUp();
    const { process } = await supervisor.start({ ...spec, through: ['ip', 'netns', 'exec', 'ns'] });
    expect(process).toEqual({
      pid: process.pid,
      startTicks: runner.processes()[0]?.startTicks,
      bootId: await system.bootId(),
    });
    expect(await supervisor.isAlive(process)).toBe(true);
    expect(runner.transcript).toEqual([
      'start ip netns exec ns /usr/sbin/haproxy -Ws -f /b/1/haproxy.cfg -L peer',
    ]);
  });

  it('that ends at once says how, and its pid is never signalled', async () => {
    const { runner, supervisor, signals } = setUp({ result: { code: 1 } });
    const { process, exited } = await supervisor.start(spec);
    expect(await exited).toEqual({ code: 1, signal: null });
    runner.addProcess({ pid: process.pid, argv: ['/bin/other'] });
    await supervisor.stop(process, 0);
    expect(await supervisor.reload(process)).toBe(false);
    expect(signals()).toEqual([]);
  });

  it('that cannot be started is an error', async () => {
    const { supervisor } = setUp({ cannotStart: 'ENOENT' });
    await expect(supervisor.start(spec)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('a recorded process', () => {
  const recorded = async () => {
    const bench = setUp();
    const { process } = await bench.supervisor.start(spec);
    return { ...bench, process, entry: bench.runner.processes()[0]! };
  };

  it('is ours while pid, start time, boot and command line match', async () => {
    const { supervisor, process } = await recorded();
    expect(await supervisor.isOurs(spec, process)).toBe(true);
    expect(await supervisor.recognise(spec, process.pid)).toEqual(process);
  });

  it('is ours after a reload has added arguments behind, and with another binary or peer name', async () => {
    const { supervisor, process, entry } = await recorded();
    entry.argv = [
      '/opt/haproxy',
      '-Ws',
      '-d',
      ...(spec.marks[1] ?? []),
      '-L',
      'other',
      '-sf',
      '12',
      '-x',
      '/b/1/admin.sock',
    ];
    expect(await supervisor.isOurs(spec, process)).toBe(true);
  });

  type Bench = Awaited<ReturnType<typeof recorded>>;
  it.each<[what: string, change: (bench: Bench) => void]>([
    ['its pid is gone', ({ runner, process }) => runner.endProcess(process.pid)],
    ['it is a zombie', ({ runner, process }) => runner.endProcess(process.pid, {}, 'zombie')],
    ['it is dying', ({ entry }) => (entry.state = 'X')],
    [
      'its pid was given to another process',
      ({ runner, process }) => {
        runner.endProcess(process.pid);
        runner.addProcess({ pid: process.pid, startTicks: '999', argv: spec.argv });
      },
    ],
    ['the machine was booted since', ({ system }) => system.set({ bootId: 'another-boot' })],
  ])('is dead and never signalled when %s', async (_what, change) => {
    const bench = await recorded();
    change(bench);
    const { supervisor, process } = bench;
    expect(await supervisor.isAlive(process)).toBe(false);
    expect(await supervisor.isOurs(spec, process)).toBe(false);
    expect(await supervisor.reload(process)).toBe(false);
    await supervisor.stop(process, 1_000);
    expect(bench.signals()).toEqual([]);
  });

  it.each([
    ['another program', ['/usr/sbin/nginx', ...spec.argv.slice(1)]],
    ['another load balancer', ['/usr/sbin/haproxy', '-Ws', '-f', '/b/2/haproxy.cfg']],
    ['our marks torn apart', ['/usr/sbin/haproxy', '-f', '-Ws', '/b/1/haproxy.cfg']],
    ['part of our words', spec.argv.slice(0, 3)],
    ['our words behind others', ['sudo', ...spec.argv]],
    ['our paths without our mode', ['/usr/sbin/haproxy', '-c', '-f', '/b/1/haproxy.cfg']],
    ['our mode behind our paths', ['/usr/sbin/haproxy', '-f', '/b/1/haproxy.cfg', '-Ws']],
    ['a path that ours begins', ['/usr/sbin/haproxy', '-Ws', '-f', '/b/1/haproxy.cfg.old']],
    ['a path that begins ours', ['/usr/sbin/haproxy', '-Ws', '-f', '/b/1/haproxy']],
    ['our words as one', ['/usr/sbin/haproxy', '-Ws', '-f /b/1/haproxy.cfg']],
    ['a path that ends like ours', ['/usr/sbin/haproxy', '-Ws', '-f', '/a/b/1/haproxy.cfg']],
  ])('is not ours when its command line is %s', async (_what, argv) => {
    const { supervisor, process, entry } = await recorded();
    entry.argv = argv;
    expect(await supervisor.isOurs(spec, process)).toBe(false);
    expect(await supervisor.recognise(spec, process.pid)).toBeUndefined();
  });

  it.each<[what: string, change: Partial<FakeProcess>]>([
    ['another program was executed', { name: 'sleep' }],
    ['another user runs it', { userId: 65_534 }],
    ['it is a worker, which has the argv of its master', { leadsSession: false }],
    ['it lives in a container, where our paths are others', { isContained: true }],
  ])('is not ours for all its argv when %s', async (_what, change) => {
    const { supervisor, process, entry } = await recorded();
    Object.assign(entry, change);
    expect(await supervisor.isOurs(spec, process)).toBe(false);
    expect(await supervisor.recognise(spec, process.pid)).toBeUndefined();
  });

  it('that changes hands between the look and the signal gets none', async () => {
    const { runner, system, clock, process, signals } = await recorded();
    // The look sees the one that was recorded; the pid is another's by the time of the signal.
    const late = createDirectSupervisor({
      system,
      clock,
      runner: {
        ...runner,
        identify: async (pid) => {
          const seen = await runner.identify(pid);
          runner.endProcess(pid);
          runner.addProcess({ pid, startTicks: '999', argv: spec.argv });
          return seen;
        },
      },
    });
    expect(await late.reload(process)).toBe(false);
    runner.addProcess({ pid: process.pid, startTicks: process.startTicks, argv: spec.argv });
    await late.stop(process, 1_000);
    expect(signals()).toEqual([]);
  });

  it('is known by a program whose name is longer than the kernel keeps', async () => {
    const { runner, supervisor } = setUp();
    const long = { ...spec, argv: ['/opt/haproxy-2.6-with-quic', ...spec.argv.slice(1)] };
    const { process } = await supervisor.start(long);
    expect(runner.processes()[0]?.pid).toBe(process.pid);
    expect(await supervisor.isOurs(long, process)).toBe(true);
  });

  it('is not recognised when nobody or a zombie has the pid', async () => {
    const { runner, supervisor, process } = await recorded();
    runner.endProcess(process.pid, {}, 'zombie');
    expect(await supervisor.recognise(spec, process.pid)).toBeUndefined();
    expect(await supervisor.recognise(spec, 77)).toBeUndefined();
  });
});

describe('a stopped service', () => {
  it('is asked once and waited for', async () => {
    const { runner, clock, supervisor, signals } = setUp({
      onSignal: (_signal, { pid }) => {
        void clock.sleep(300).then(() => runner.endProcess(pid));
      },
    });
    const { process } = await supervisor.start(spec);
    await passTime(clock, supervisor.stop(process, 10_000));
    expect(runner.processes()).toEqual([]);
    expect(signals()).toEqual([`signal SIGTERM ${process.pid}`]);
  });

  it('is killed with its whole group when asking did not help', async () => {
    const { runner, clock, supervisor, signals } = setUp({ onSignal: () => undefined });
    const { process } = await supervisor.start(spec);
    const before = clock.monotonic();
    await passTime(clock, supervisor.stop(process, 10_000));
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(10_000);
    expect(signals()).toEqual([`signal SIGTERM ${process.pid}`, `signal group SIGKILL ${process.pid}`]);
    expect(runner.processes()).toEqual([]);
  });

  it('that survives even that is an error', async () => {
    const { runner, clock, supervisor } = setUp({ onSignal: () => undefined });
    const { process } = await supervisor.start(spec);
    const unkillable = createDirectSupervisor({
      runner: { ...runner, signalGroup: () => true },
      system: createLiteralSystem(),
      clock,
    });
    await expect(passTime(clock, unkillable.stop(process, 100))).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('is reloaded by SIGUSR2 until then', async () => {
    const { supervisor, signals } = setUp({ onSignal: () => undefined });
    const { process } = await supervisor.start(spec);
    expect(await supervisor.reload(process)).toBe(true);
    expect(signals()).toEqual([`signal SIGUSR2 ${process.pid}`]);
  });
});
