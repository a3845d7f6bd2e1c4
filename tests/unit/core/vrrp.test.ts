// VRRP over a scripted keepalived, wired as the daemon wires it: uploads, what is done to keepalived, who looks after it,
// and what its check looks at.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { parseLoadBalancerId } from '../../../agent/model/ids';
import {
  amphoraId,
  createScriptedAmphora,
  firstId,
  secondId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';
import { installPair, type ScriptedPair } from '../../fakes/scripted-pair';
import { installKeepalived } from '../../fakes/scripted-keepalived';
import { udpListener } from '../keepalived/udp-listener';

const paths = vrrpPaths('/var/lib/octavia');
const vip = '192.168.50.10';
const instance = `vrrp_instance own {
    state BACKUP
    interface eth1
    virtual_router_id 9
    priority 90
    virtual_ipaddress {
        ${vip}/24
    }
}
`;

let amphora: ScriptedAmphora;
let keepalived: ScriptedPair;
const vrrp = () => amphora.core().pairing.vrrp;
const upload = (text = instance) => amphora.pass(vrrp().upload(text));
const start = () => amphora.pass(vrrp().start());
const pid = (): number | undefined => keepalived.running()[0]?.pid;
const isOnEth1 = (): boolean => (keepalived.addresses.get('eth1') ?? []).includes(`${vip}/24`);
const watching = (): Promise<void> => amphora.core().pairing.part({ stopChildren: false }).start();
const restart = async (): Promise<void> => {
  await amphora.restartAgent();
  await amphora.pass(amphora.core().pairing.prepare());
  await amphora.pass(amphora.core().pairing.restore());
};
const findings = () => amphora.core().pairing.findings();

beforeEach(async () => {
  amphora = await createScriptedAmphora();
  keepalived = installPair(amphora);
});

describe('an upload', () => {
  it('is stored as it came, for root alone, with the scripts that it names, and starts nothing', async () => {
    await upload();
    expect(amphora.files.snapshot()[paths.config]).toBe(instance);
    expect((await amphora.files.stat(paths.config))?.mode).toBe(0o600);
    for (const path of [paths.checkScript, paths.haproxyCheck, paths.notifyScript])
      expect((await amphora.files.stat(path))?.mode).toBe(0o755);
    expect(keepalived.running()).toEqual([]);
  });

  it.each([
    ['nothing', '', 'config-rejected'],
    ['only blanks', ' \n\n', 'config-rejected'],
    ['no instance', 'global_defs {\n    router_id a\n}\n', 'config-rejected'],
    ['a script of its own', instance.replace('state', 'notify /tmp/x.sh\n    state'), 'config-rejected'],
    ['an inclusion', `include /etc/*.conf\n${instance}`, 'config-rejected'],
    ['more than 256 KiB', `${instance}#${'x'.repeat(256 * 1024)}`, 'too-large'],
  ])('of %s is refused, and nothing is stored', async (_what, text, kind) => {
    await expect(upload(text)).rejects.toMatchObject({ kind });
    expect(amphora.files.snapshot()[paths.config]).toBeUndefined();
  });

  it('that keepalived refuses leaves the former one', async () => {
    await upload();
    keepalived.verdict = { code: 5, stderr: "(Line 3) Unknown keyword 'x'\n" };
    await expect(upload(instance.replace('90', '91'))).rejects.toMatchObject({ kind: 'config-rejected' });
    expect(amphora.files.snapshot()[paths.config]).toBe(instance);
    expect(await amphora.files.stat(paths.candidate)).toBeUndefined();
  });
});

describe('keepalived', () => {
  it.each(['start', 'stop', 'reload'] as const)('cannot %s before the first upload', async (action) => {
    await expect(amphora.pass<unknown>(vrrp()[action]())).rejects.toMatchObject({
      message: 'keepalived has no configuration',
    });
  });

  it('starts, is reloaded by a start while it runs, and stops; a stop of what is stopped is no fault', async () => {
    await upload();
    expect(await start()).toBe('started');
    const first = pid();
    await upload(instance.replace('90', '91'));
    expect(keepalived.running()[0]?.text).toContain('priority 90');
    expect(await start()).toBe('reloaded');
    expect([pid(), keepalived.running()[0]?.text]).toEqual([first, expect.stringContaining('priority 91')]);
    expect(await amphora.pass(vrrp().stop())).toEqual({});
    expect(keepalived.running()).toEqual([]);
    expect(await amphora.pass(vrrp().stop())).toEqual({});
  });

  it('that is stopped cannot be reloaded', async () => {
    await upload();
    await expect(amphora.pass(vrrp().reload())).rejects.toMatchObject({
      message: 'keepalived is not running',
    });
  });

  it('that is gone is told by the pid that its file still names, once', async () => {
    await upload();
    await start();
    const gone = pid() ?? 0;
    amphora.runner.endProcess(gone);
    expect(await amphora.pass(vrrp().stop())).toEqual({ stalePid: gone });
    expect(await amphora.pass(vrrp().stop())).toEqual({});
  });

  it('that does not come up is said so with its words, and is not wanted', async () => {
    await upload();
    keepalived.dies = true;
    await expect(start()).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: expect.stringContaining('Cannot assign requested address'),
    });
    keepalived.dies = false;
    await restart();
    expect(keepalived.running()).toEqual([]);
  });

  it('keeps heartbeats away while it is configured and does not run', async () => {
    expect(await vrrp().isWell()).toBe(true);
    await upload();
    expect(await vrrp().isWell()).toBe(false);
    await start();
    expect(await vrrp().isWell()).toBe(true);
  });
});

describe('a keepalived that is killed', () => {
  it('loses its addresses at once and is started again, later each time', async () => {
    await upload();
    keepalived.state = 'MASTER';
    await start();
    await watching();
    const first = pid() ?? 0;
    expect(isOnEth1()).toBe(true);
    keepalived.state = 'BACKUP';
    amphora.runner.endProcess(first);
    await amphora.clock.advance(600);
    expect(isOnEth1()).toBe(false);
    expect(await findings()).toMatchObject([{ check: 'vrrp', severity: 'error' }]);
    await amphora.clock.advance(2_000);
    expect(pid()).not.toBe(first);
    expect(await findings()).toEqual([]);
  });

  it('over and over is a finding, and comes up with what came up last when its configuration does not', async () => {
    await upload();
    await start();
    await watching();
    amphora.files.plant(paths.config, instance.replace('state', 'notify /tmp/x.sh\n    state'), 0o600);
    for (let times = 0; times < 3; times += 1) {
      amphora.runner.endProcess(pid() ?? 0);
      await amphora.clock.advance(10_000);
      expect(keepalived.running()).toHaveLength(1);
    }
    expect(await findings()).toMatchObject([{ check: 'vrrp', severity: 'warning' }]);
    expect(amphora.log.messages('warning')).toContain(
      'keepalived runs the last configuration that came up, not the stored one',
    );
  });

  it('by its controller’s wish is not started again', async () => {
    await upload();
    await start();
    await watching();
    await amphora.pass(vrrp().stop());
    await amphora.clock.advance(10_000);
    expect(keepalived.running()).toEqual([]);
  });
});

describe('its role', () => {
  it('is told to whoever listens when it changes', async () => {
    let heard = 0;
    amphora.core().pairing.onChange(() => (heard += 1));
    await upload();
    await start();
    await watching();
    await amphora.clock.advance(600);
    keepalived.become('MASTER');
    await amphora.clock.advance(600);
    expect(heard).toBe(2);
    expect(await amphora.pass(vrrp().role())).toBe('MASTER');
  });

  it('that is never told is a finding', async () => {
    await upload();
    await start();
    await watching();
    amphora.files.unplant(paths.notifyLog);
    await amphora.clock.advance(20_000);
    expect(await findings()).toMatchObject([{ check: 'vrrp-role', severity: 'warning' }]);
  });
});

describe('another agent', () => {
  it('adopts what runs', async () => {
    await upload();
    await start();
    const before = pid();
    await restart();
    expect(pid()).toBe(before);
    expect(await vrrp().isWell()).toBe(true);
  });

  it('starts what should run and does not, without the addresses of the one that died', async () => {
    await upload();
    keepalived.state = 'MASTER';
    await start();
    keepalived.state = 'BACKUP';
    amphora.runner.endProcess(pid() ?? 0);
    await restart();
    expect(keepalived.running()).toHaveLength(1);
    expect(isOnEth1()).toBe(false);
  });

  it('takes away what a keepalived that should not run has left', async () => {
    await upload();
    await start();
    await amphora.pass(vrrp().stop());
    keepalived.addresses.get('eth1')?.push(`${vip}/24`);
    await restart();
    expect(isOnEth1()).toBe(false);
  });

  it('tries again what it cannot bring up', async () => {
    await upload();
    await start();
    amphora.runner.endProcess(pid() ?? 0);
    keepalived.dies = true;
    await restart();
    expect(keepalived.running()).toEqual([]);
    keepalived.dies = false;
    await watching();
    await amphora.clock.advance(3_000);
    expect(keepalived.running()).toHaveLength(1);
  });

  it('reloads what may have read an older text', async () => {
    await upload();
    await start();
    const state = JSON.parse(amphora.files.snapshot()[paths.state] ?? '') as object;
    amphora.files.plant(paths.state, JSON.stringify({ ...state, unsure: true }), 0o600);
    amphora.files.plant(paths.config, instance.replace('90', '91'), 0o600);
    await restart();
    expect(keepalived.running()[0]?.text).toContain('priority 91');
  });

  it('lets what lives decide when the state is spoiled, and refuses that of a newer agent', async () => {
    await upload();
    await start();
    amphora.files.plant(paths.state, 'x', 0o600);
    await restart();
    expect(keepalived.running()).toHaveLength(1);
    amphora.files.plant(paths.state, '{"schema":2}', 0o600);
    await expect(vrrp().prepare()).rejects.toMatchObject({ kind: 'version-mismatch' });
  });
});

describe('what the check looks at', () => {
  const list = () => amphora.files.snapshot()[paths.checkList] ?? '';
  const checked = (): readonly string[] =>
    [...list().matchAll(/^haproxy \S+\/(\S+)\.pid/gm)].map((found) => found[1] ?? '');
  const serve = async (id = firstId, port = 80): Promise<void> => {
    const { loadBalancers } = amphora.core();
    const text = `listen a\n bind :${port}\n`;
    await amphora.pass(loadBalancers.upload({ id, text, peer: amphoraId, owner: 'octavia-v0.1' }));
    await amphora.pass(loadBalancers.start(id));
  };

  it('is nothing, which fails, on an amphora without load balancers whose configuration was uploaded', async () => {
    await upload();
    expect(list()).toBe('program haproxy\nnone failure\n');
  });

  it('is nothing, which succeeds, where only UDP listeners exist', async () => {
    installKeepalived(amphora);
    keepalived = installPair(amphora);
    await upload();
    await amphora.pass(amphora.core().udp.listeners.upload(parseLoadBalancerId('udp'), udpListener()));
    expect(list()).toContain('none success');
    await amphora.pass(amphora.core().udp.listeners.remove(parseLoadBalancerId('udp')));
    expect(list()).toContain('none failure');
  });

  it('follows starts, stops and removals; none is on it while it is being started or stopped', async () => {
    await upload();
    await serve();
    await serve(secondId, 81);
    expect(checked()).toEqual([firstId, secondId]);
    const { loadBalancers } = amphora.core();
    const stopping = loadBalancers.stop(firstId);
    await amphora.clock.advance(0);
    expect(checked()).toEqual([secondId]);
    await amphora.pass(stopping);
    expect(checked()).toEqual([secondId]);
    expect(list()).toContain('none success');
    await amphora.pass(loadBalancers.reload(firstId));
    expect(checked()).toEqual([firstId, secondId]);
    await amphora.pass(loadBalancers.remove(firstId));
    await amphora.pass(loadBalancers.remove(secondId));
    expect(list()).toBe('program haproxy\nnone failure\n');
  });

  it('is not written where no keepalived is configured', async () => {
    await serve();
    expect(list()).toBe('');
  });
});

describe('keepalived that the former agent has left', () => {
  const unit = 'octavia-keepalived.service';
  const leave = async (): Promise<void> => {
    amphora = await createScriptedAmphora();
    keepalived = installPair(amphora);
    const { files, runner } = amphora;
    files.plant(paths.config, instance);
    const { pid: left } = runner.addProcess({
      argv: ['/usr/sbin/keepalived', '--log-facility=1', '-f', paths.config, '-p', paths.pidFile],
      onSignal: () => undefined,
    });
    files.plant(paths.pidFile, `${left}\n`);
    files.plant('/run/systemd/system/any.service', '');
    files.plant(`/lib/systemd/system/${unit}`, '[Service]\n');
    runner.script({ match: /^systemctl / });
  };

  it('is adopted, and its unit disabled, wherever the first agent was killed', async () => {
    for (let step = 1; step <= 40; step += 1) {
      await leave();
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(() => amphora.core().pairing.restore());
      await restart();
      expect([step, await vrrp().isWell()]).toEqual([step, true]);
      const disables = `systemctl --no-ask-password disable ${unit}`;
      expect([step, amphora.runner.transcript.includes(disables)]).toEqual([step, true]);
      expect(amphora.runner.transcript.filter((line) => line.startsWith('signal'))).toEqual([]);
      if (outcome !== 'died') return;
    }
    throw new Error('more steps than were tried');
  });
});
