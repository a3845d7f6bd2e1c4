// One haproxy process group over the fakes of floor 1: what a caller gets of start, reload, stop and adoption.

import { describe, expect, it } from '@jest/globals';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { createHaproxyProcess } from '../../../agent/haproxy/process';
import { AgentError } from '../../../agent/model/errors';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createDirectSupervisor } from '../../../agent/supervisor/direct';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { installHaproxy } from '../../fakes/scripted-haproxy';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const paths = haproxyPaths({ basePath: '/b', certDir: '/c', runtimeDir: '/b' }, id);
const job = { paths, peer: 'peer-1' };

const setUp = ({ through = [] as readonly string[] } = {}) => {
  const files = createMemoryFiles({
    [paths.live]: 'listen old\n',
    [paths.overlay]: `global\n    stats socket ${paths.adminSocket} mode 600 level admin\n`,
  });
  const runner = createScriptedRunner();
  const sockets = createScriptedSockets();
  const system = createLiteralSystem();
  const clock = createHandClock();
  const haproxy = installHaproxy({ files, runner, sockets });
  const supervisor = createDirectSupervisor({ runner, system, clock });
  const driver = createHaproxyProcess({
    supervisor,
    sockets,
    files,
    clock,
    binary: '/usr/sbin/haproxy',
    through,
  });
  const signals = (): readonly string[] => runner.transcript.filter((line) => line.startsWith('signal'));
  const pass = <T>(waiting: Promise<T>): Promise<T> => passTime(clock, waiting);
  return { files, runner, sockets, system, clock, haproxy, driver, signals, pass };
};

const running = async () => {
  const bench = setUp();
  const process = await bench.pass(bench.driver.start(job));
  return { ...bench, process };
};

describe('a start', () => {
  it('answers only once the worker answers', async () => {
    const { clock, haproxy, driver, pass } = setUp();
    const starting = driver.start(job);
    let isDone = false;
    void starting.then(() => (isDone = true));
    await clock.advance(0);
    expect([haproxy.groups().length, isDone]).toEqual([1, false]);
    const process = await pass(starting);
    expect(process.pid).toBe(haproxy.groups()[0]?.pid);
    expect(await driver.answers(paths)).toBe(true);
  });

  it('runs master and workers in the namespace, as the peer, with its private master socket', async () => {
    const { runner, driver, pass } = setUp({ through: ['ip', 'netns', 'exec', 'ns'] });
    await pass(driver.start(job));
    expect(runner.transcript[0]).toBe(
      `start ip netns exec ns /usr/sbin/haproxy -Ws -f ${paths.live} -f ${paths.overlay} ` +
        `-p ${paths.pidFile} -S ${paths.masterSocket},mode,600 -L peer-1`,
    );
  });

  it('that fails gives what haproxy printed this time, and nothing runs', async () => {
    const { files, haproxy, driver, pass } = setUp();
    files.plant(paths.log, 'an older failure\n');
    haproxy.nextStart({ fails: '[ALERT] cannot bind socket (Address already in use) [10.0.0.5:80]' });
    await expect(pass(driver.start(job))).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error starting haproxy',
      detail: '[ALERT] cannot bind socket (Address already in use) [10.0.0.5:80]',
    });
    expect(haproxy.groups()).toEqual([]);
  });

  it('that never comes to serve is ended after a while', async () => {
    const { haproxy, driver, runner, pass } = setUp();
    haproxy.nextStart('hangs');
    haproxy.ignoreTerm();
    await expect(pass(driver.start(job))).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(runner.processes()).toEqual([]);
  });

  it('is not taken in by a socket that closes without a word', async () => {
    const { haproxy, driver, pass } = setUp();
    haproxy.setInfo('');
    await expect(pass(driver.start(job))).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(haproxy.groups()).toEqual([]);
  });

  it('empties a log that has grown too long, and still gives what is printed then', async () => {
    const { files, haproxy, driver, pass } = setUp();
    files.plant(paths.log, 'x'.repeat(2_000_000));
    haproxy.nextStart({ fails: 'why' });
    await expect(pass(driver.start(job))).rejects.toMatchObject({ detail: 'why' });
    expect((await files.stat(paths.log))?.size).toBeLessThan(100);
  });

  it('passes on what nobody foresaw', async () => {
    const { sockets, driver, pass } = setUp();
    sockets.script({ answer: () => Promise.reject(new TypeError('unforeseen')) });
    await expect(pass(driver.start(job))).rejects.toThrow('unforeseen');
  });
});

describe('a reload', () => {
  it('answers only once a new worker of the new configuration serves', async () => {
    const { clock, files, haproxy, driver, process, pass } = await running();
    const worker = haproxy.groups()[0]?.worker;
    files.plant(paths.live, 'listen new\n');
    const reloading = driver.reload(job, process);
    let isDone = false;
    void reloading.then(() => (isDone = true));
    await clock.advance(0);
    expect(isDone).toBe(false);
    await pass(reloading);
    const [group] = haproxy.groups();
    expect(group).toMatchObject({ pid: process.pid, oldWorkers: [{ pid: worker }] });
    expect(group?.serves[0]).toBe('listen new\n');
  });

  const asTold = (table: string): string => table;

  it('saves the state of the servers before the signal, with a newline at its end', async () => {
    const { files, haproxy, driver, process, pass } = await running();
    haproxy.setServersState('1\n# be_id be_name\n3 pool 1 m1\n\n');
    const saving = driver.reload(job, process, { saveServersState: asTold });
    haproxy.nextReload({ fails: 'no' });
    await expect(pass(saving)).rejects.toMatchObject({ detail: 'no' });
    expect(files.snapshot()[paths.serversState]).toBe('1\n# be_id be_name\n3 pool 1 m1\n');
    expect((await files.stat(paths.serversState))?.mode).toBe(0o600);
  });

  it('that was not asked to save the state of the servers does not', async () => {
    const { files, driver, process, pass } = await running();
    await pass(driver.reload(job, process));
    await pass(driver.reload(job, process, { saveServersState: undefined }));
    expect(await files.stat(paths.serversState)).toBeUndefined();
  });

  it('of a worker that tells no server states is done without them', async () => {
    const { files, sockets, driver, process, pass } = await running();
    sockets.script({ line: /servers state/, answer: { silent: true } });
    await pass(driver.reload(job, process, { saveServersState: asTold }));
    expect(await files.stat(paths.serversState)).toBeUndefined();
  });

  it('that fails leaves the old worker and tells what haproxy printed', async () => {
    const { files, haproxy, driver, process, pass } = await running();
    const worker = haproxy.groups()[0]?.worker;
    files.plant(paths.live, 'listen new\n');
    haproxy.nextReload({ fails: '[ALERT] cannot bind' });
    await expect(pass(driver.reload(job, process))).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error reloading haproxy',
      detail: '[ALERT] cannot bind',
    });
    expect(haproxy.groups()).toMatchObject([{ worker, serves: ['listen old\n', expect.anything()] }]);
    expect(await driver.answers(paths)).toBe(true);
  });

  it('that succeeds after failed ones is a success, and one that fails after those a failure', async () => {
    const { haproxy, driver, process, pass } = await running();
    haproxy.nextReload({ fails: 'first' });
    haproxy.nextReload({ fails: 'second' });
    await expect(pass(driver.reload(job, process))).rejects.toMatchObject({ detail: 'first' });
    await expect(pass(driver.reload(job, process))).rejects.toMatchObject({ detail: 'second' });
    await pass(driver.reload(job, process));
    expect(haproxy.groups()).toMatchObject([{ failedReloads: 0, reloads: 3 }]);
  });

  it('in which the master dies tells its last words', async () => {
    const { haproxy, driver, process, pass } = await running();
    haproxy.nextReload({ dies: '[ALERT] out of memory' });
    await expect(pass(driver.reload(job, process))).rejects.toMatchObject({
      detail: '[ALERT] out of memory',
    });
    expect(haproxy.groups()).toEqual([]);
  });

  it('in which the master dies without a word names the process that is gone', async () => {
    const { haproxy, driver, process, pass } = await running();
    haproxy.nextReload({ dies: '' });
    await expect(pass(driver.reload(job, process))).rejects.toMatchObject({
      detail: `haproxy process with PID ${process.pid} not found`,
    });
  });

  it('of a group that is gone says so and signals nobody', async () => {
    const { runner, driver, process, signals, pass } = await running();
    runner.endProcess(process.pid);
    await expect(pass(driver.reload(job, process))).rejects.toMatchObject({
      detail: `haproxy process with PID ${process.pid} not found`,
    });
    expect(signals()).toEqual([]);
  });

  it('that does not come to an end is given up, and the process is not called gone', async () => {
    const { clock, haproxy, driver, process, pass } = await running();
    haproxy.nextReload('hangs');
    const before = clock.monotonic();
    await expect(pass(driver.reload(job, process))).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: `haproxy process with PID ${process.pid} did not serve anew within 50 s`,
    });
    expect(clock.monotonic() - before).toBeLessThan(60_000);
    expect(haproxy.groups()).toHaveLength(1);
  });
});

describe('a stop', () => {
  it('ends the group and takes its sockets and pid file away', async () => {
    const { files, haproxy, driver, process, pass } = await running();
    files.plantOther(paths.statsSocket, 'socket');
    await pass(driver.stop(job, process));
    expect(haproxy.groups()).toEqual([]);
    for (const path of [paths.adminSocket, paths.masterSocket, paths.statsSocket, paths.pidFile]) {
      expect(await files.stat(path)).toBeUndefined();
    }
    expect(await driver.answers(paths)).toBe(false);
  });
});

it('PUT …/stop, 500: what does not end even when killed is "Error stopping haproxy"', async () => {
  const stuck = {
    ...createDirectSupervisor({
      runner: createScriptedRunner(),
      system: createLiteralSystem(),
      clock: createHandClock(),
    }),
    stop: () => Promise.reject(new AgentError('timeout', 'process 7 does not end')),
  };
  const driver = createHaproxyProcess({
    supervisor: stuck,
    sockets: createScriptedSockets(),
    files: createMemoryFiles(),
    clock: createHandClock(),
    binary: '/usr/sbin/haproxy',
    through: [],
  });
  await expect(driver.stop(job, { pid: 7, startTicks: '1', bootId: 'b' })).rejects.toMatchObject({
    kind: 'reload-failed',
    message: 'Error stopping haproxy',
    detail: 'process 7 does not end',
  });
});

describe('the pids of a group', () => {
  it('are those of its master and all workers, old ones included', async () => {
    const { haproxy, driver, process, pass } = await running();
    const old = haproxy.groups()[0]?.worker;
    await pass(driver.reload(job, process));
    expect(await driver.pids(paths)).toEqual([process.pid, haproxy.groups()[0]?.worker, old]);
  });

  it('are none where no master answers', async () => {
    expect(await setUp().driver.pids(paths)).toEqual([]);
  });
});

describe('adoption', () => {
  it('finds the recorded group, without a question to anybody', async () => {
    const { sockets, driver, process } = await running();
    const asked = sockets.transcript.length;
    expect(await driver.adopt(job, process)).toEqual(process);
    expect(sockets.transcript).toHaveLength(asked);
  });

  it('finds a living group by its master socket when nothing was recorded', async () => {
    const { driver, process } = await running();
    expect(await driver.adopt(job, undefined)).toEqual(process);
  });

  it('finds it by its master socket when the record is stale', async () => {
    const { driver, process } = await running();
    expect(await driver.adopt(job, { ...process, pid: 4_000_000 })).toEqual(process);
  });

  it('finds nothing where nobody answers', async () => {
    expect(await setUp().driver.adopt(job, undefined)).toBeUndefined();
  });

  it('does not believe a socket that names a process of another kind', async () => {
    const { runner, sockets, driver, signals } = setUp();
    runner.addProcess({ pid: 4802, argv: ['/usr/bin/passwd'] });
    sockets.script({
      path: /master\.sock$/,
      answer: '4802 master 0 0d 2.6.12\n# workers\n4805 worker 0 0d 2.6.12\n',
    });
    expect(await driver.adopt(job, undefined)).toBeUndefined();
    expect(signals()).toEqual([]);
  });
});
