// UDP and SCTP listeners over a scripted keepalived, wired as the daemon wires them: lifecycle, kills, heartbeats.

import { beforeEach, describe, expect, it } from '@jest/globals';
import type { KeepalivedLvs } from '../../../agent/core/keepalived-lvs';
import { createPieceWriter } from '../../../agent/heartbeat/message';
import { lvsPaths } from '../../../agent/keepalived/paths';
import { AgentError } from '../../../agent/model/errors';
import type { HealthSample } from '../../../agent/model/health';
import {
  createScriptedAmphora,
  firstId as id,
  secondId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';
import { installKeepalived, type ScriptedKeepalived } from '../../fakes/scripted-keepalived';
import { memberIds, poolId, udpListener } from '../keepalived/udp-listener';

const paths = lvsPaths('/var/lib/octavia', id);
const ipvs = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
UDP  10.0.0.5:53                         7       10       9     1000     900
  -> 10.0.0.10:53                        7       10       9     1000     900
`;

let amphora: ScriptedAmphora;
let keepalived: ScriptedKeepalived;
const udp = (): KeepalivedLvs => amphora.core().udp.listeners;
const pids = (): readonly number[] => keepalived.running().map(({ pid }) => pid);
const starts = (): number =>
  amphora.runner.transcript.filter((line) => line.startsWith('start keepalived')).length;
const started = async (text = udpListener()): Promise<void> => {
  await udp().upload(id, text);
  await amphora.pass(udp().start(id));
};
const restart = async (): Promise<void> => {
  await amphora.restartAgent();
  await udp().prepare();
  await amphora.pass(amphora.core().udp.restore());
};

beforeEach(async () => {
  amphora = await createScriptedAmphora();
  keepalived = installKeepalived(amphora);
});

describe('an upload', () => {
  it('is stored as it came, for the agent alone, and starts nothing', async () => {
    await udp().upload(id, udpListener());
    expect(await udp().config(id)).toBe(udpListener());
    expect((await amphora.files.stat(paths.config))?.mode).toBe(0o600);
    expect(await udp().list()).toEqual([{ id, type: 'UDP', isRunning: false }]);
    expect(pids()).toEqual([]);
  });

  it('that the policy refuses leaves nothing, and keepalived never sees it', async () => {
    const text = udpListener().replace('    delay_loop 5', '    notify_up /tmp/x.sh');
    await expect(udp().upload(id, text)).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: expect.stringContaining('line 14: "notify_up"'),
    });
    expect(await udp().ids()).toEqual([]);
    expect(amphora.runner.transcript).toEqual([]);
  });

  it('that keepalived refuses leaves the former one, and no candidate; the line is that of the upload', async () => {
    await udp().upload(id, udpListener());
    keepalived.verdict = { code: 5, stderr: "(Line 7) Unknown keyword 'x'\n" };
    await expect(udp().upload(id, udpListener({ port: 54 }))).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: "(Line 3) Unknown keyword 'x'",
    });
    expect(await udp().config(id)).toBe(udpListener());
    expect(await amphora.files.stat(paths.candidate)).toBeUndefined();
  });

  it('of nothing is refused, although keepalived takes an empty file', async () => {
    await expect(udp().upload(id, ' \n')).rejects.toMatchObject({ kind: 'config-rejected' });
  });
});

describe('a listener that is not there', () => {
  it('is said to be missing by every verb', async () => {
    for (const verb of ['config', 'start', 'stop', 'reload', 'remove'] as const) {
      await expect(udp()[verb](id)).rejects.toMatchObject({
        kind: 'not-found',
        subject: { what: 'UDP listener', id },
      });
    }
    expect(await udp().has(id)).toBe(false);
  });
});

describe('a started listener', () => {
  it('runs a keepalived with checkers only, with files of its own', async () => {
    await started();
    expect(amphora.runner.transcript.at(-1)).toBe(
      `start keepalived -n -l -D -C -f ${paths.live} -p ${paths.pidFile} -c ${paths.checkersPidFile}`,
    );
    expect(await udp().list()).toEqual([{ id, type: 'UDP', isRunning: true }]);
  });

  it('has its scripts secured, and no namespace for keepalived to enter', async () => {
    await started();
    const [{ text } = { text: '' }] = keepalived.running();
    // First of all: on a reload keepalived drops the checks that come before the account of scripts.
    expect(text.startsWith('global_defs {\n    script_user root\n    enable_script_security\n}\n')).toBe(
      true,
    );
    expect(text).not.toContain('net_namespace');
  });

  it('is left alone by another start', async () => {
    await started();
    await amphora.pass(udp().start(id));
    expect(starts()).toBe(1);
  });

  it('goes on with the former configuration until a reload', async () => {
    await started();
    const [pid] = pids();
    await udp().upload(id, udpListener({ port: 54 }));
    expect(keepalived.running()[0]?.text).toContain('10.0.0.5 53');
    await amphora.pass(udp().reload(id));
    expect(keepalived.running()[0]?.text).toContain('10.0.0.5 54');
    expect(pids()).toEqual([pid]);
  });

  it('comes back with the former configuration when keepalived dies over the new one', async () => {
    await started();
    await udp().upload(id, udpListener({ port: 54 }));
    keepalived.diesAtReload = true;
    await expect(amphora.pass(udp().reload(id))).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(keepalived.running().map(({ text }) => text.includes('10.0.0.5 53'))).toEqual([true]);
  });

  it('ends when it is stopped, and stopping it again is silent', async () => {
    await started();
    await amphora.pass(udp().stop(id));
    await amphora.pass(udp().stop(id));
    expect(pids()).toEqual([]);
    expect(await amphora.files.stat(paths.pidFile)).toBeUndefined();
  });

  it('is gone with all its files when it is removed', async () => {
    await started();
    await amphora.pass(udp().remove(id));
    expect(pids()).toEqual([]);
    expect(await amphora.files.list('/var/lib/octavia/lvs')).toEqual([]);
  });

  it('is started again when it dies, and not after a stop', async () => {
    const part = amphora.core().udp.part({ stopChildren: false });
    await part.start();
    await started();
    amphora.runner.endProcess(pids()[0]!, { signal: 'SIGKILL' });
    await amphora.clock.advance(5_000);
    expect(pids()).toHaveLength(1);
    await amphora.pass(udp().stop(id));
    await amphora.clock.advance(70_000);
    expect(pids()).toEqual([]);
    await part.stop();
  });

  it('that cannot be started again is a finding, until it can', async () => {
    const part = amphora.core().udp.part({ stopChildren: false });
    await part.start();
    await started();
    keepalived.hasIpvs = false;
    amphora.runner.endProcess(pids()[0]!, { signal: 'SIGKILL' });
    await amphora.clock.advance(8_000);
    expect(await amphora.core().udp.findings()).toMatchObject([{ check: 'udp-listener', severity: 'error' }]);
    keepalived.hasIpvs = true;
    await amphora.clock.advance(60_000);
    expect(await amphora.core().udp.findings()).toEqual([]);
    expect(pids()).toHaveLength(1);
    await part.stop();
  });

  it('ends with an agent that takes its children along, and is started with the next one', async () => {
    await started();
    await amphora.pass(amphora.core().udp.part({ stopChildren: true }).stop());
    expect(pids()).toEqual([]);
    await restart();
    expect(pids()).toHaveLength(1);
  });

  it('that was killed leaves nothing in the kernel once it is stopped', async () => {
    await started();
    amphora.runner.endProcess(pids()[0]!, { signal: 'SIGKILL' });
    await amphora.pass(udp().stop(id));
    expect(amphora.runner.transcript.at(-1)).toBe('ipvsadm -D -u 10.0.0.5:53');
  });

  it('can be stopped on a full disk', async () => {
    await started();
    amphora.files.failNext('writeAtomic', new AgentError('no-space', 'full'), /\.json$/);
    await amphora.pass(udp().stop(id));
    expect(pids()).toEqual([]);
    await restart();
    expect(pids()).toEqual([]);
  });
});

describe('a kernel without ip_vs', () => {
  it('is what a start says, with what keepalived printed; nothing is left running or wanted', async () => {
    keepalived.hasIpvs = false;
    await udp().upload(id, udpListener());
    await expect(amphora.pass(udp().start(id))).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: expect.stringMatching(/^this kernel has no ip_vs.*\nIPVS: Can't initialize ipvs/),
    });
    await restart();
    expect(starts()).toBe(1);
  });

  it('still runs a listener without a pool', async () => {
    keepalived.hasIpvs = false;
    await started('# Configuration for Listener x\nnet_namespace amphora-haproxy\n');
    expect(pids()).toHaveLength(1);
  });
});

describe('a restarted agent', () => {
  it('adopts what runs: same pid, nothing started', async () => {
    await started();
    const before = pids();
    await restart();
    expect(pids()).toEqual(before);
    expect(starts()).toBe(1);
    await amphora.pass(udp().stop(id));
    expect(pids()).toEqual([]);
  });

  it('starts what died with the machine, and leaves alone what was stopped', async () => {
    await started();
    await udp().upload(secondId, udpListener({ port: 54 }));
    amphora.runner.endProcess(pids()[0]!);
    amphora.system.set({ bootId: '1f6a1c52-93d4-4e6b-b1a7-5c2e8d904f32' });
    await restart();
    expect(pids()).toHaveLength(1);
  });

  it('never takes a foreign process for ours, whatever the pid file says', async () => {
    await started();
    amphora.runner.endProcess(pids()[0]!);
    const foreign = amphora.runner.addProcess({
      argv: ['keepalived', '-f', '/etc/keepalived/keepalived.conf'],
    });
    amphora.files.plant(paths.pidFile, `${foreign.pid}\n`);
    await restart();
    expect(starts()).toBe(2);
    await amphora.pass(udp().stop(id));
    expect(foreign.state).toBe('S');
  });

  it('goes by what lives when its record is spoiled', async () => {
    await started();
    amphora.files.plant(paths.state, '{');
    await restart();
    expect(pids()).toHaveLength(1);
    await restart();
    expect(starts()).toBe(1);
  });

  it('refuses a record of a newer agent before it touches anything', async () => {
    await started();
    amphora.files.plant(paths.state, '{"schema":99}');
    await expect(udp().prepare()).rejects.toMatchObject({ kind: 'version-mismatch' });
  });

  const job = async (): Promise<void> => {
    await udp().upload(id, udpListener({ port: 54 }));
    await udp().reload(id);
    await udp().remove(id);
  };

  it('finds one of two whole states wherever it was killed in an upload, a reload and a removal', async () => {
    for (let step = 1; step < 200; step += 1) {
      amphora = await createScriptedAmphora();
      keepalived = installKeepalived(amphora);
      await started();
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(job);
      await restart();
      const names = await amphora.files.list('/var/lib/octavia/lvs');
      const running = keepalived.running().map(({ text }) => /10\.0\.0\.5 (\d+)/.exec(text)?.[1]);
      if (await udp().has(id)) {
        expect({ step, running }).toEqual({ step, running: [expect.stringMatching(/^5[34]$/)] });
        await amphora.pass(udp().reload(id));
        const stored = await udp().config(id);
        expect(keepalived.running()[0]?.text).toContain(/10\.0\.0\.5 \d+/.exec(stored)?.[0]);
      } else expect({ step, running, names }).toEqual({ step, running: [], names: [] });
      expect(names.filter((name) => /candidate|tmp/.test(name))).toEqual([]);
      if (outcome !== 'died') return;
    }
    throw new Error('the job has more steps than were tried');
  });
});

describe('a heartbeat', () => {
  const sample = () => amphora.pass(amphora.core().udp.health.sample());
  const otherMember = '10000000-0000-4000-8000-00000000000c';
  const untoldOf = ({ listeners }: HealthSample) =>
    new Map(
      [...listeners].flatMap(([name, { counters }]) => (counters === undefined ? [] : [[name, counters]])),
    );
  const changeTable = (change: (text: string) => string): undefined => {
    const path = `/proc/${pids()[0]}/net/ip_vs`;
    const text = amphora.files.snapshot()[path] ?? '';
    expect(change(text)).not.toBe(text);
    amphora.files.plant(path, change(text));
  };

  it('has the listener open with its traffic, and its members up', async () => {
    keepalived.statistics = ipvs;
    await started();
    const { listeners, pools } = await sample();
    expect(listeners.get(id)).toEqual({
      status: 'OPEN',
      current: 4,
      counters: { bytesIn: 1000, bytesOut: 900, connections: 7, requestErrors: 0 },
    });
    expect(pools.get(poolId)).toEqual({
      status: 'UP',
      members: new Map(memberIds.map((each) => [each, 'UP'])),
    });
  });

  it('has a member that waits for a reload as restarting', async () => {
    await started(udpListener({ members: ['10.0.0.10'] }));
    await udp().upload(id, udpListener());
    expect((await sample()).pools.get(poolId)?.members.get(memberIds[1]!)).toBe('RESTARTING');
    await amphora.pass(udp().reload(id));
    expect((await sample()).pools.get(poolId)?.members.get(memberIds[1]!)).toBe('UP');
  });

  it.each<[string, () => Promise<unknown> | undefined]>([
    ['a member leaves the table', () => changeTable((text) => text.replace(/ *-> 0A00000A.*\n/, ''))],
    ['a member drains', () => changeTable((text) => text.replace('Masq    1 ', 'Masq    0 '))],
    ['a member has another connection', () => changeTable((text) => text.replace('      2  ', '      3  '))],
    ['the table is empty', () => changeTable((text) => text.slice(0, text.indexOf('UDP')))],
    ['traffic goes on', () => void (keepalived.statistics = ipvs.replaceAll('1000', '2000'))],
    ['an upload adds a member', () => udp().upload(id, udpListener({ disabledMember: otherMember }))],
  ])('tells at once that %s, and what was sampled before stays as it was', async (_what, change) => {
    keepalived.statistics = ipvs;
    await started();
    const write = createPieceWriter();
    const textOf = (of: HealthSample): string => JSON.stringify(write(of, untoldOf(of)));
    const before = await sample();
    const [text, copy] = [textOf(before), structuredClone(before)];
    expect(textOf(await sample())).toBe(text);
    await change();
    const after = await sample();
    expect(textOf(after)).not.toBe(text);
    expect(after).not.toEqual(copy);
    expect(before).toEqual(copy);
  });

  it('leaves out what does not run, and what its controller has switched off', async () => {
    await udp().upload(id, udpListener());
    await udp().upload(secondId, '# Listener x is disabled\nnet_namespace amphora-haproxy\n');
    await amphora.pass(udp().start(secondId));
    expect(await sample()).toEqual({ listeners: new Map(), pools: new Map() });
    expect(await udp().list()).toMatchObject([{ isRunning: false }, { isRunning: false }]);
  });

  it('has the listener while ipvsadm does not answer, with counters that nobody knows', async () => {
    await started();
    for (const statistics of [undefined, undefined, ipvs, undefined]) {
      keepalived.statistics = statistics;
      const listener = (await sample()).listeners.get(id);
      expect(listener).toMatchObject({ status: 'OPEN', current: 4 });
      expect(listener?.counters?.bytesIn).toBe(statistics === undefined ? undefined : 1000);
    }
  });
});
