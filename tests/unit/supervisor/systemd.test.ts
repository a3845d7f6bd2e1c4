// Services as transient systemd units: the commands, and what comes of each answer. Texts are systemd 252's.

import { describe, expect, it } from '@jest/globals';
import type { ServiceSpec } from '../../../agent/supervisor/service';
import { createSystemdSupervisor } from '../../../agent/supervisor/systemd';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { createScriptedRunner, type RunnerRule } from '../../fakes/scripted-runner';
import { installSystemd } from '../../fakes/scripted-systemd';

const unit = 'amphorad-haproxy-1.service';
const spec: ServiceSpec = {
  name: 'haproxy-1',
  through: ['ip', 'netns', 'exec', 'ns'],
  argv: ['/usr/sbin/haproxy', '-Ws', '-f', '/b/1/live.cfg', '-L', 'peer'],
  marks: [['-Ws'], ['-f', '/b/1/live.cfg']],
  logPath: '/b/1/haproxy.log',
};

const setUp = (rule: Partial<RunnerRule> = {}, namespace = '') => {
  const runner = createScriptedRunner([{ match: /haproxy/, ...rule }]);
  const systemd = installSystemd(runner);
  const files = createMemoryFiles({ '/b/1/': '' });
  const clock = createHandClock();
  const supervisor = createSystemdSupervisor({
    runner,
    system: createLiteralSystem(),
    clock,
    files,
    namespace,
  });
  const commands = (): readonly string[] =>
    runner.transcript.filter((line) => line.startsWith('system')).map((line) => line.split(' -- ')[0] ?? '');
  const start = (wanted = spec) => passTime(clock, supervisor.start(wanted));
  return { runner, systemd, files, clock, supervisor, commands, start };
};

describe('a unit', () => {
  it('is started as one of its own, which nothing ties to the agent, and its main process is taken down', async () => {
    const { runner, systemd, start } = setUp();
    const { process } = await start();
    expect(runner.transcript).toEqual([
      'systemd-run --no-ask-password --collect --unit=amphorad-haproxy-1.service --slice=amphorad.slice ' +
        '--description=haproxy-1 of amphorad --setenv=LC_ALL=C --setenv=TZ=UTC --property=Type=exec ' +
        '--property=Restart=no --property=KillMode=mixed --property=TimeoutStopSec=10 ' +
        '--property=SuccessExitStatus=143 --property=OOMPolicy=continue --property=LimitNOFILE=1048576 ' +
        '--property=UMask=0077 --property=StandardOutput=append:/b/1/haproxy.log ' +
        '--property=StandardError=append:/b/1/haproxy.log --property=After=network.target ' +
        '-- ip netns exec ns /usr/sbin/haproxy -Ws -f /b/1/live.cfg -L peer',
      'start ip netns exec ns /usr/sbin/haproxy -Ws -f /b/1/live.cfg -L peer',
      'systemctl --no-ask-password show --property=MainPID --value amphorad-haproxy-1.service',
    ]);
    expect(systemd.units().get(unit)).toBe(process.pid);
    expect(process.startTicks).toBe(runner.processes()[0]?.startTicks);
  });

  it('is confined to what it needs, and joins its network namespace without a program between', async () => {
    const { runner, start } = setUp({}, 'ns');
    const confinement = { writes: ['/b'], reads: ['/c'], capabilities: ['KILL', 'SETUID'] };
    await start({ ...spec, confinement });
    const [line = ''] = runner.transcript;
    for (const property of [
      'NetworkNamespacePath=/run/netns/ns',
      'BindReadOnlyPaths=-/etc/netns/ns/resolv.conf:/etc/resolv.conf -/etc/netns/ns/hosts:/etc/hosts',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ReadWritePaths=/b',
      'CapabilityBoundingSet=CAP_KILL CAP_SETUID',
      'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
      'ProtectProc=invisible',
      'RestrictRealtime=yes',
      'PrivateTmp=yes',
      'ProtectHome=yes',
    ])
      expect(line).toContain(` --property=${property} `);
    expect(line).toMatch(/ -- \/usr\/sbin\/haproxy -Ws /);
  });

  it.each([
    ['/tmp/state', 'PrivateTmp'],
    ['/home/me/state', 'ProtectHome'],
  ])('that uses %s sees it', async (path, hidden) => {
    const { runner, start } = setUp();
    for (const confinement of [
      { writes: [path], capabilities: [] },
      { writes: ['/b'], reads: [path], capabilities: [] },
    ]) {
      await start({
        ...spec,
        name: `haproxy-${confinement.writes.join('')}`.replaceAll('/', ''),
        confinement,
      });
    }
    await start({
      ...spec,
      name: 'c',
      argv: [`${path}/haproxy`],
      confinement: { writes: [], capabilities: [] },
    });
    const lines = runner.transcript.filter((line) => line.startsWith('systemd-run'));
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).not.toContain(hidden);
  });

  it('may do more where its program needs more', async () => {
    const { runner, start } = setUp();
    const more = {
      families: ['AF_PACKET'],
      seesProcesses: true,
      isRealtime: true,
      setsNetwork: true,
    } as const;
    await start({ ...spec, confinement: { writes: ['/b'], capabilities: [], ...more } });
    const [line = ''] = runner.transcript;
    expect(line).toContain('ReadWritePaths=/b /proc/sys/net ');
    expect(line).toContain('AF_NETLINK AF_PACKET ');
    expect(line).not.toMatch(/ProtectProc|RestrictRealtime/);
  });

  it('finds its log made for root alone, and one that is there is kept', async () => {
    const { files, start, systemd, runner } = setUp();
    await start();
    expect(await files.stat(spec.logPath)).toMatchObject({ mode: 0o600, size: 0 });
    files.plant(spec.logPath, 'before\n', 0o600);
    runner.endProcess(systemd.units().get(unit) ?? 0);
    await start();
    expect(files.snapshot()[spec.logPath]).toBe('before\n');
  });

  it('is not started when its log is a link', async () => {
    const { files, start, commands } = setUp();
    files.plantLink(spec.logPath, '/etc/shadow');
    await expect(start()).rejects.toMatchObject({ kind: 'precondition', detail: spec.logPath });
    expect(commands()).toEqual([]);
  });

  it('gets words with dollar signs as they are', async () => {
    const { runner, start } = setUp();
    await start({ ...spec, argv: ['/usr/sbin/haproxy', '-f', '/b$HOME/${x}'] });
    expect(runner.transcript[0]).toMatch(/-f \/b\$\$HOME\/\$\$\{x\}$/);
    expect(runner.transcript[1]).toMatch(/-f \/b\$HOME\/\$\{x\}$/);
  });

  it('that has ended before anyone asked has no process, and nobody is signalled in its place', async () => {
    const { supervisor, runner, start } = setUp({ result: { code: 1 } });
    const { process } = await start();
    expect(process).toMatchObject({ pid: 0, startTicks: '0' });
    expect(await supervisor.isAlive(process)).toBe(false);
    await supervisor.stop(process, 0);
    expect(runner.transcript.filter((line) => line.startsWith('signal'))).toEqual([]);
  });

  it('that its manager cannot execute is unavailable, in the manager’s words', async () => {
    const { start } = setUp({ cannotStart: 'ENOENT' });
    await expect(start()).rejects.toMatchObject({
      kind: 'unavailable',
      message: `systemd does not start ${unit}`,
      detail: `Job for ${unit} failed because the control process exited with error code.`,
    });
  });

  it('that printed and ended before systemd had noted its start was started, and has ended', async () => {
    const { files, runner, supervisor, start } = setUp();
    runner.script({
      match: /^systemd-run /,
      result: () => {
        files.plant(spec.logPath, '[ALERT] cannot bind\n', 0o600);
        return { code: 1, stderr: `Job for ${unit} failed.\nSee "systemctl status ${unit}" for details.\n` };
      },
    });
    const { process } = await start();
    expect(await supervisor.isAlive(process)).toBe(false);
  });
});

describe('a unit of the same name', () => {
  it('that failed is forgotten first', async () => {
    const { systemd, commands, start } = setUp();
    systemd.plant(unit, 0);
    const { process } = await start();
    expect(process.pid).toBeGreaterThan(1);
    expect(commands().map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'systemd-run --no-ask-password --collect',
      'systemctl --no-ask-password show',
      'systemctl --no-ask-password reset-failed',
      'systemd-run --no-ask-password --collect',
      'systemctl --no-ask-password show',
    ]);
  });

  it('that runs is left alone, and the refusal names its process and what to do', async () => {
    const { runner, systemd, start } = setUp();
    const { pid } = runner.addProcess({ argv: ['/usr/bin/other'] });
    systemd.plant(unit, pid);
    await expect(start()).rejects.toMatchObject({
      kind: 'unavailable',
      message: `${unit} runs already`,
      detail: expect.stringMatching(new RegExp(`process ${pid} .*systemctl stop ${unit}`)),
    });
    expect(systemd.units().get(unit)).toBe(pid);
  });

  it('that never goes away is an error after a while', async () => {
    const { runner, systemd, clock, start } = setUp();
    systemd.plant(unit, 0);
    runner.script({ match: /reset-failed/, result: { code: 1, stderr: 'no\n' } });
    const before = clock.monotonic();
    await expect(start()).rejects.toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining('already loaded'),
    });
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(5_000);
  });
});

describe('a systemd', () => {
  it('that is not PID 1 is unavailable, in its own words', async () => {
    const { systemd, start } = setUp();
    systemd.takeOffline();
    await expect(start()).rejects.toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining('System has not been booted with systemd as init system (PID 1).'),
    });
  });

  it('that is not installed is unavailable, naming the program', async () => {
    const { runner, start } = setUp();
    runner.script({ match: /^systemd-run/, cannotStart: 'ENOENT' });
    await expect(start()).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'Cannot start systemd-run: ENOENT',
    });
  });

  it('that does not answer in time is a time-out', async () => {
    const { runner, start } = setUp();
    runner.script({ match: /^systemd-run/, result: { code: null, signal: 'SIGTERM', timedOut: true } });
    await expect(start()).rejects.toMatchObject({
      kind: 'timeout',
      message: `systemd did not start ${unit} within 50 s`,
    });
  });

  it.each([
    ['fails', { code: 1, stderr: 'Failed to connect to bus: Connection refused\n' }, 'Connection refused'],
    ['tells nonsense', { stdout: 'MainPID=7\n' }, 'MainPID=7'],
  ])('that %s when asked for the process is unavailable', async (_what, result, words) => {
    const { runner, start } = setUp();
    runner.script({ match: / show --property=MainPID/, result });
    await expect(start()).rejects.toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining(words),
    });
  });
});
