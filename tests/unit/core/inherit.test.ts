// Load balancers that Octavia's own agent has left: adopted as they run, replaced at their next reload, ended for good.

import { describe, expect, it } from '@jest/globals';
import { createScriptedAmphora, firstId, type ScriptedAmphora } from '../../fakes/scripted-amphora';
import { AgentError } from '../../../agent/model/errors';
import type { FakeProcess } from '../../fakes/scripted-runner';

const base = '/var/lib/octavia';
const account = `${base}/haproxy-default-user-group.conf`;
const accountText = 'global\n\tgroup nogroup\n';
const unit = `haproxy-${firstId}.service`;
const text = 'frontend f\n    mode http\n';
const oldWorkerPid = 4321;

/** A machine as that agent leaves it; `runs`: its haproxy is there. */
const left = async ({ runs = true, exposes = true } = {}) => {
  const amphora = await createScriptedAmphora();
  const { files, runner, sockets } = amphora;
  const own = amphora.paths(firstId);
  const argv = ['/usr/sbin/haproxy', '-Ws', '-f', own.config, '-f', account, '-p', own.pidFile, '-L', 'p'];
  files.plant(own.config, text);
  files.plant(account, accountText, 0o644);
  let isExposed = false;
  const keepExposing = (): void => void (isExposed = true);
  const run = (): FakeProcess =>
    runner.addProcess({
      argv,
      onSignal: (signal, process) => {
        if (signal === 'SIGUSR2')
          isExposed = exposes && files.snapshot()[account]?.includes('expose-fd') === true;
        if (signal === 'SIGUSR1' || signal === 'SIGTERM') runner.endProcess(process.pid);
      },
    });
  let old = runs ? run() : undefined;
  const runAgain = (): void => {
    old = run();
    files.plant(own.pidFile, `${old.pid}\n`);
  };
  files.plant(own.pidFile, `${old?.pid ?? 999}\n`);
  const isThere = (process: FakeProcess | undefined): boolean =>
    process !== undefined && runner.processes().includes(process);
  sockets.script({
    answer: (line, path) => {
      const isAsked = path === own.statsSocket || (path === own.adminSocket && isExposed);
      if (!isAsked || !isThere(old) || !line.startsWith('show info')) return undefined;
      return `Name: HAProxy\nPid: ${oldWorkerPid}\n\n`;
    },
  });
  const signals = (): readonly string[] => runner.transcript.filter((line) => line.startsWith('signal'));
  return { ...amphora, own, old, isThere: () => isThere(old), signals, keepExposing, runAgain };
};

const withSystemd = ({ files, runner }: ScriptedAmphora): void => {
  files.plant('/run/systemd/system/any.service', '');
  files.plant(`/lib/systemd/system/${unit}`, '[Service]\nRestart=always\n');
  runner.script({ match: /^systemctl / });
};

const statusOf = async (amphora: ScriptedAmphora) =>
  (await amphora.pass(amphora.core().statuses.list())).map(({ status }) => status);

describe('the first start over what the former agent left', () => {
  it('adopts its haproxy as it runs, and shows it running', async () => {
    const amphora = await left();
    expect((await amphora.restartAgent()).adopted).toEqual([firstId]);
    expect(await statusOf(amphora)).toEqual(['running']);
    expect([amphora.isThere(), amphora.signals()]).toEqual([true, []]);
    expect(await amphora.core().state.read(firstId)).toMatchObject({
      desired: 'running',
      peer: 'p',
      process: { pid: amphora.old?.pid },
    });
  });

  it('finds it again at the starts that follow', async () => {
    const amphora = await left();
    await amphora.restartAgent();
    expect((await amphora.restartAgent()).adopted).toEqual([firstId]);
    expect(await statusOf(amphora)).toEqual(['running']);
  });

  it('has systemd no longer start it at a boot, and leaves its unit where it is', async () => {
    const amphora = await left();
    withSystemd(amphora);
    await amphora.restartAgent();
    expect(amphora.runner.transcript).toContain(`systemctl --no-ask-password disable ${unit}`);
    expect(amphora.files.snapshot()[`/lib/systemd/system/${unit}`]).toBeDefined();
  });

  it('has done so wherever its first agent was killed', async () => {
    const disables = `systemctl --no-ask-password disable ${unit}`;
    for (let step = 1; step <= 40; step += 1) {
      const amphora = await left();
      withSystemd(amphora);
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(() => amphora.core().reconcile());
      await amphora.restartAgent();
      expect([step, amphora.runner.transcript.includes(disables)]).toEqual([step, true]);
      if (outcome !== 'died') return;
    }
    throw new Error('more steps than were tried');
  });

  it('leaves alone what was stopped since the boot', async () => {
    const amphora = await left({ runs: false });
    amphora.files.plant('/proc/uptime', '100000000000.00 1.00\n');
    await amphora.restartAgent();
    expect(await statusOf(amphora)).toEqual(['stopped']);
  });

  it('starts what ran until the machine was booted anew', async () => {
    const amphora = await left({ runs: false });
    await amphora.clock.advance(3_600_000);
    amphora.files.plant('/proc/uptime', '1.00 1.00\n');
    expect((await amphora.restartAgent()).started).toEqual([firstId]);
  });

  it('leaves a haproxy that is not adopted its files, at every start', async () => {
    const amphora = await left();
    Object.assign(amphora.old ?? {}, { userId: 1000 });
    amphora.files.plantOther(amphora.own.statsSocket, 'socket');
    amphora.files.plant('/proc/uptime', '100000000000.00 1.00\n');
    await amphora.restartAgent();
    await amphora.restartAgent();
    expect(await amphora.files.readText(amphora.own.pidFile)).toBe(`${amphora.old?.pid ?? 0}\n`);
    expect(await amphora.files.stat(amphora.own.statsSocket)).toBeDefined();
  });

  it('takes no process for it that belongs to somebody else', async () => {
    const amphora = await left();
    Object.assign(amphora.old ?? {}, { userId: 1000 });
    amphora.files.plant('/proc/uptime', '100000000000.00 1.00\n');
    await amphora.restartAgent();
    expect([await statusOf(amphora), amphora.signals()]).toEqual([['stopped'], []]);
  });
});

describe('the first reload of it', () => {
  it('starts a group of ours on its ports, and only then has it finish', async () => {
    const amphora = await left();
    await amphora.restartAgent();
    const { pid, started } = await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    const old = amphora.old?.pid ?? 0;
    const steps = amphora.runner.transcript.filter((line) => /^(?:signal|start) /.test(line));
    expect(steps.map((line) => line.replace(/ -Ws .* -x (\S+) .*/, ' -x $1'))).toEqual([
      `signal SIGUSR2 ${old}`,
      `start /usr/sbin/haproxy -x ${amphora.own.adminSocket}`,
      `signal SIGUSR1 ${old}`,
    ]);
    expect([started, amphora.isThere(), pid === old]).toEqual([false, false, false]);
    expect(amphora.files.snapshot()[account]).toBe(accountText);
    expect((await amphora.core().state.read(firstId))?.process?.pid).toBe(pid);
    expect(await statusOf(amphora)).toEqual(['running']);
  });

  it('keeps systemd from bringing the old one back, until it has ended', async () => {
    const amphora = await left();
    withSystemd(amphora);
    await amphora.restartAgent();
    await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    const dropIn = `/run/systemd/system/${unit}.d/50-amphorad.conf`;
    expect(amphora.runner.transcript).toContain('systemctl --no-ask-password daemon-reload');
    await amphora.clock.advance(5_000);
    expect(amphora.files.snapshot()[dropIn]).toBeUndefined();
  });

  it('leaves systemd as it was also where the next agent sees the old one gone', async () => {
    const amphora = await left();
    withSystemd(amphora);
    await amphora.restartAgent();
    Object.assign(amphora.old ?? {}, { onSignal: () => undefined });
    amphora.keepExposing();
    await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    await amphora.restartAgent();
    const dropIn = `/run/systemd/system/${unit}.d/50-amphorad.conf`;
    expect(amphora.files.snapshot()[dropIn]).toBeDefined();
    amphora.runner.endProcess(amphora.old?.pid ?? 0);
    amphora.runner.script({ match: /^systemctl is-active /, result: { code: 3 } });
    await amphora.restartAgent();
    expect(amphora.files.snapshot()[dropIn]).toBeUndefined();
  });

  it('that fails leaves the old one as it was, and can be tried again', async () => {
    const amphora = await left();
    await amphora.restartAgent();
    amphora.haproxy.nextStart({ fails: 'cannot bind' });
    const { loadBalancers } = amphora.core();
    await expect(amphora.pass(loadBalancers.reload(firstId))).rejects.toMatchObject({
      kind: 'reload-failed',
    });
    expect([amphora.isThere(), await statusOf(amphora)]).toEqual([true, ['running']]);
    expect(amphora.files.snapshot()[account]).toBe(accountText);
    await amphora.pass(loadBalancers.reload(firstId));
    expect([amphora.isThere(), await statusOf(amphora)]).toEqual([false, ['running']]);
  });

  it('does without the file of its account, which goes with the package of the former agent', async () => {
    const amphora = await left();
    amphora.files.unplant(account);
    await amphora.restartAgent();
    await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    expect([amphora.isThere(), await statusOf(amphora)]).toEqual([false, ['running']]);
    expect(amphora.files.snapshot()[account]).toBeUndefined();
  });

  it('is refused, and nothing started, while the old one does not hand over its ports', async () => {
    const amphora = await left({ exposes: false });
    await amphora.restartAgent();
    const reloading = amphora.pass(amphora.core().loadBalancers.reload(firstId));
    await expect(reloading).rejects.toMatchObject({ detail: expect.stringContaining('does not hand over') });
    expect([amphora.isThere(), amphora.haproxy.groups().length]).toEqual([true, 0]);
    expect(amphora.files.snapshot()[account]).toBe(accountText);
  });

  it('is finished by the next agent wherever this one is killed', async () => {
    for (let step = 1; step <= 80; step += 1) {
      const amphora = await left();
      await amphora.restartAgent();
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(() => amphora.core().loadBalancers.reload(firstId));
      await amphora.restartAgent();
      expect([step, await statusOf(amphora)]).toEqual([step, ['running']]);
      expect([step, amphora.isThere() !== amphora.haproxy.groups().length > 0]).toEqual([step, true]);
      await amphora.pass(amphora.core().loadBalancers.reload(firstId));
      expect([step, amphora.isThere(), amphora.haproxy.groups().length]).toEqual([step, false, 1]);
      expect([step, amphora.files.snapshot()[account]]).toEqual([step, accountText]);
      if (outcome !== 'died') return;
    }
    throw new Error('more steps than were tried');
  });
});

describe('a hand-over that was cut short', () => {
  const cutShort = async () => {
    const amphora = await left();
    await amphora.restartAgent();
    return amphora;
  };

  it('costs no stranger who has the pid that ours had', async () => {
    const amphora = await cutShort();
    const stranger = amphora.runner.addProcess({ argv: ['/usr/sbin/sshd'] });
    amphora.files.plant(amphora.own.pidFile, `${stranger.pid}\n`);
    await amphora.restartAgent();
    expect(amphora.runner.processes()).toContain(stranger);
    expect([amphora.isThere(), await statusOf(amphora)]).toEqual([true, ['running']]);
  });

  // As a full /run has it: ours serves, and the old one was not asked to finish.
  const unfinished = async () => {
    const amphora = await left();
    withSystemd(amphora);
    await amphora.restartAgent();
    const noSpace = new AgentError('no-space', 'No space left');
    amphora.files.failNext('writeAtomic', noSpace, /50-amphorad\.conf$/);
    const reloading = amphora.pass(amphora.core().loadBalancers.reload(firstId));
    await expect(reloading).rejects.toMatchObject({ kind: 'no-space' });
    return amphora;
  };

  it('is finished by the next reload', async () => {
    const amphora = await unfinished();
    await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    expect([amphora.isThere(), amphora.haproxy.groups().length]).toEqual([false, 1]);
    expect(await statusOf(amphora)).toEqual(['running']);
  });

  it('leaves nothing of either group after a stop', async () => {
    const amphora = await unfinished();
    await amphora.pass(amphora.core().loadBalancers.stop(firstId));
    expect([amphora.isThere(), amphora.haproxy.groups().length]).toEqual([false, 0]);
  });
});

describe('one that systemd would bring back', () => {
  const stops = `systemctl --no-ask-password stop ${unit}`;

  it('is ended before ours is started in its place: two would share the ports', async () => {
    const amphora = await left({ runs: false });
    withSystemd(amphora);
    await amphora.clock.advance(3_600_000);
    amphora.files.plant('/proc/uptime', '1.00 1.00\n');
    await amphora.restartAgent();
    const steps = amphora.runner.transcript.map((line) => line.split(' -Ws')[0]);
    expect(steps.indexOf(stops)).toBeGreaterThan(-1);
    expect(steps.indexOf(stops)).toBeLessThan(steps.indexOf('start /usr/sbin/haproxy'));
  });

  it('is left to its last sessions while it ends, though ours has to be started anew', async () => {
    const amphora = await left();
    withSystemd(amphora);
    await amphora.restartAgent();
    Object.assign(amphora.old ?? {}, { onSignal: () => undefined });
    amphora.keepExposing();
    await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    const [ours] = amphora.haproxy.groups();
    amphora.runner.endProcess(ours?.pid ?? 0);
    await amphora.pass(amphora.core().loadBalancers.start(firstId));
    expect([amphora.isThere(), amphora.runner.transcript.includes(stops)]).toEqual([true, false]);
  });
});

describe('a way back to the former agent, and here again', () => {
  /** Ours had it stopped, or reloaded; that agent has started it since. */
  const backAgain = async (desired: 'running' | 'stopped') => {
    const amphora = await left({ runs: false });
    amphora.files.plant('/proc/uptime', '100000000000.00 1.00\n');
    await amphora.restartAgent();
    const { loadBalancers } = amphora.core();
    await amphora.pass(loadBalancers.reload(firstId));
    await amphora.pass(loadBalancers[desired === 'stopped' ? 'stop' : 'pause'](firstId));
    amphora.runAgain();
    return amphora;
  };

  it('leaves running what that agent has started', async () => {
    const amphora = await backAgain('stopped');
    await amphora.restartAgent();
    expect([amphora.isThere(), await statusOf(amphora)]).toEqual([true, ['running']]);
  });

  it('takes over at a reload though ours once ran the same text: that agent may have had another', async () => {
    const amphora = await backAgain('running');
    await amphora.restartAgent();
    await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    expect([amphora.isThere(), amphora.haproxy.groups().length]).toEqual([false, 1]);
  });

  it('does so too where that agent came while ours ran', async () => {
    const amphora = await backAgain('running');
    await amphora.pass(amphora.core().loadBalancers.reload(firstId));
    expect([amphora.isThere(), amphora.haproxy.groups().length]).toEqual([false, 1]);
  });
});

describe('an end of it', () => {
  it('by a stop ends it and removes what it leaves', async () => {
    const amphora = await left();
    await amphora.restartAgent();
    await amphora.pass(amphora.core().loadBalancers.stop(firstId));
    expect([amphora.isThere(), await statusOf(amphora)]).toEqual([false, ['stopped']]);
    expect(amphora.signals()).toEqual([`signal SIGTERM ${amphora.old?.pid ?? 0}`]);
  });

  it('is asked of systemd where that runs it: it would take a signal for a crash', async () => {
    const amphora = await left();
    withSystemd(amphora);
    await amphora.restartAgent();
    await amphora.pass(amphora.core().loadBalancers.remove(firstId));
    expect(amphora.runner.transcript).toContain(`systemctl --no-ask-password stop ${unit}`);
    expect(await statusOf(amphora)).toEqual([]);
  });
});
