// The topology over a scripted keepalived, wired as the daemon wires it: transitions, the way back, kills.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { createTopology, type TopologyEffects } from '../../../agent/core/topology';
import { createTopologyStore, topologyFile } from '../../../agent/core/topology-store';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { AgentError } from '../../../agent/model/errors';
import type { Pair } from '../../../agent/model/topology';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedAmphora, type ScriptedAmphora } from '../../fakes/scripted-amphora';
import { installPair, type ScriptedPair } from '../../fakes/scripted-pair';

const base = '/var/lib/octavia';
const paths = vrrpPaths(base);
const vip = '192.168.50.10';
const pair: Pair = {
  topology: 'ACTIVE-STANDBY',
  role: 'ACTIVE',
  haIp: vip,
  secret: 'KeepAlive123!',
  peers: ['192.168.50.12'],
};
const single = { topology: 'SINGLE' } as const;

let amphora: ScriptedAmphora;
let keepalived: ScriptedPair;
const control = () => amphora.core().pairing.topology;
const state = () => amphora.pass(control().state());
const post = (wanted: Pair | typeof single) => amphora.pass(control().post(wanted));
const settle = () => amphora.pass(control().settled());
const reach = async (wanted: Pair | typeof single) => {
  expect(await post(wanted)).toBe(true);
  await settle();
};
const isOnEth1 = (): boolean => (keepalived.addresses.get('eth1') ?? []).includes(`${vip}/24`);
const restart = async (): Promise<void> => {
  await amphora.restartAgent();
  await amphora.pass(amphora.core().pairing.prepare());
  await amphora.pass(amphora.core().pairing.restore());
};

beforeEach(async () => {
  amphora = await createScriptedAmphora();
  keepalived = installPair(amphora);
});

describe('the configured topology', () => {
  const store = createTopologyStore({
    files: createMemoryFiles({}),
    log: createRecordedLog(),
    basePath: '/b',
  });
  const effects = {} as TopologyEffects;
  const topologyOf = (configured: 'SINGLE' | 'ACTIVE_STANDBY', role?: 'MASTER') =>
    createTopology({
      log: createRecordedLog(),
      store,
      effects,
      role: () => Promise.resolve(role),
      configured: () => configured,
      ended: () => undefined,
    }).state();

  it('of a single amphora is active', async () => {
    expect(await topologyOf('SINGLE')).toEqual({
      topology: 'SINGLE',
      role: 'ACTIVE',
      isActive: true,
      haIp: '',
      inTransition: false,
    });
  });

  it('of half a pair stands by as long as VRRP does not make it MASTER', async () => {
    expect(await topologyOf('ACTIVE_STANDBY')).toMatchObject({ role: 'STANDBY', isActive: false });
    expect(await topologyOf('ACTIVE_STANDBY', 'MASTER')).toMatchObject({ role: 'ACTIVE', isActive: true });
  });
});

describe('a pair', () => {
  it('runs a keepalived of ours, and its role is the observed one', async () => {
    await reach(pair);
    expect(keepalived.running()).toHaveLength(1);
    expect(keepalived.running()[0]?.text).toContain('virtual_ipaddress {\n        192.168.50.10/24 dev eth1');
    expect(keepalived.running()[0]?.text).toContain('unicast_src_ip 192.168.50.11');
    expect(await state()).toMatchObject({
      topology: 'ACTIVE-STANDBY',
      role: 'STANDBY',
      isActive: false,
      haIp: vip,
      inTransition: false,
      note: 'the secret is no security: VRRP sends what is made of it in the clear',
    });
    keepalived.become('MASTER');
    expect(await state()).toMatchObject({ role: 'ACTIVE', isActive: true });
  });

  it('that is posted again changes nothing', async () => {
    await reach(pair);
    const before = amphora.runner.transcript.length;
    expect(await post({ ...pair, peers: [...(pair.peers ?? [])] })).toBe(false);
    expect(amphora.runner.transcript.slice(before)).toEqual([]);
  });

  it('with another role goes on under the same keepalived', async () => {
    await reach(pair);
    const [before] = keepalived.running();
    await reach({ ...pair, role: 'STANDBY' });
    expect(keepalived.running()[0]?.pid).toBe(before?.pid);
    expect(keepalived.running()[0]?.text).toContain('priority 90');
  });

  it('takes an address that was on the interface into its keeping, and SINGLE puts it back', async () => {
    keepalived.addresses.get('eth1')?.push(`${vip}/24`);
    await reach(pair);
    expect(isOnEth1()).toBe(false);
    keepalived.become('MASTER');
    await reach(single);
    expect(keepalived.running()).toEqual([]);
    expect(isOnEth1()).toBe(true);
    expect(await amphora.files.stat(paths.config)).toBeUndefined();
    expect(await state()).toMatchObject({ topology: 'SINGLE', role: 'ACTIVE', isActive: true, haIp: '' });
  });

  it('whose half stood by does not take the address when it is single', async () => {
    await reach(pair);
    await reach(single);
    expect(isOnEth1()).toBe(false);
  });

  it('is refused, naming the parameter, where its address cannot be', async () => {
    await expect(post({ ...pair, haIp: '10.9.9.9' })).rejects.toMatchObject({
      kind: 'invalid-input',
      detail: expect.stringContaining('ha_ip: 10.9.9.9'),
    });
    keepalived.addresses.set('eth1', [`${vip}/24`]);
    await expect(post(pair)).rejects.toMatchObject({
      kind: 'invalid-input',
      detail: expect.stringContaining('eth1 has no other address of its family'),
    });
    expect(isOnEth1()).toBe(true);
    await expect(post({ ...pair, interface: 'eth7' })).rejects.toMatchObject({
      detail: 'interface: there is no eth7',
    });
    expect(control().refuseChange()).toBeUndefined();
  });
});

describe('while a transition is under way', () => {
  it('nothing else may be changed, it is told, and the former topology is', async () => {
    keepalived.state = 'FAULT';
    expect(await post(pair)).toBe(true);
    expect(await state()).toMatchObject({ topology: 'SINGLE', inTransition: true });
    expect(control().refuseChange()).toMatchObject({
      kind: 'unavailable',
      message: 'Topology transition in progress',
    });
    await expect(control().post(single)).rejects.toMatchObject({ kind: 'unavailable' });
    keepalived.become('BACKUP');
    await settle();
    expect(control().refuseChange()).toBeUndefined();
  });

  it('the secret is in its file alone, for root alone', async () => {
    await reach(pair);
    const holders = Object.entries(amphora.files.snapshot()).filter(([, text]) => text.includes(pair.secret));
    expect(holders.map(([path]) => path)).toEqual([topologyFile(base)]);
    expect((await amphora.files.stat(topologyFile(base)))?.mode).toBe(0o600);
    expect((await amphora.files.stat(paths.config))?.mode).toBe(0o600);
    expect(JSON.stringify([amphora.log.entries, amphora.runner.transcript])).not.toContain(pair.secret);
  });
});

describe('a transition that fails', () => {
  it('after a minute in FAULT ends in the former topology, and says why', async () => {
    keepalived.addresses.get('eth1')?.push(`${vip}/24`);
    keepalived.state = 'FAULT';
    await reach(pair);
    expect(await state()).toMatchObject({
      topology: 'SINGLE',
      inTransition: false,
      error: 'keepalived was neither MASTER nor BACKUP within 60 s: it reports FAULT',
    });
    expect(keepalived.running()).toEqual([]);
    expect(isOnEth1()).toBe(true);
  });

  it('at once when keepalived does not come up', async () => {
    keepalived.dies = true;
    await reach(pair);
    expect(await state()).toMatchObject({
      topology: 'SINGLE',
      error: expect.stringContaining('Cannot assign requested address'),
    });
  });

  it('from one pair to another goes on with the first', async () => {
    await reach(pair);
    keepalived.verdict = { code: 5, stderr: '(Line 9) no such thing\n' };
    expect(await post({ ...pair, priority: 7 })).toBe(true);
    await amphora.clock.advance(0);
    keepalived.verdict = { code: 0, stderr: '' };
    await settle();
    expect(keepalived.running()[0]?.text).toContain('priority 100');
    expect(await state()).toMatchObject({ topology: 'ACTIVE-STANDBY' });
  });

  it('before it begins, on a full disk, changes nothing', async () => {
    amphora.files.failNext('writeAtomic', new AgentError('no-space', 'full'), /topology\.json$/);
    await expect(post(pair)).rejects.toMatchObject({ kind: 'no-space' });
    expect(control().refuseChange()).toBeUndefined();
    expect(keepalived.running()).toEqual([]);
  });
});

describe('an uploaded configuration', () => {
  const upload = `vrrp_instance own {\n    state BACKUP\n    interface eth1\n    virtual_router_id 9\n    priority 90\n    virtual_ipaddress {\n        ${vip}\n    }\n}\n`;

  it('wins: the topology is recorded, and keepalived is left alone', async () => {
    const { vrrp } = amphora.core().pairing;
    await amphora.pass(vrrp.upload(upload));
    expect(await amphora.pass(vrrp.start())).toBe('started');
    const pids = keepalived.running();
    expect(await post(pair)).toBe(false);
    expect(await post(single)).toBe(false);
    expect(keepalived.running()).toEqual(pids);
    expect(amphora.files.snapshot()[paths.config]).toBe(upload);
  });
});

describe('an agent that dies', () => {
  it('finds the pair as it was: keepalived is adopted, and nothing is started', async () => {
    await reach(pair);
    const pids = keepalived.running();
    await restart();
    expect(keepalived.running()).toEqual(pids);
    expect(await state()).toMatchObject({ topology: 'ACTIVE-STANDBY', haIp: vip });
  });

  it('at any step of a transition goes on with it at its next start', async () => {
    for (let step = 1; ; step += 1) {
      amphora = await createScriptedAmphora();
      keepalived = installPair(amphora);
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(async () => {
        await control().post(pair);
        await control().settled();
      });
      await restart();
      await settle();
      const { topology } = await state();
      // Before it was recorded nobody was told that it had begun.
      const isRecorded = amphora.files.snapshot()[topologyFile(base)] !== undefined;
      expect([step, topology]).toEqual([step, isRecorded ? 'ACTIVE-STANDBY' : 'SINGLE']);
      expect([step, keepalived.running().length]).toEqual([step, isRecorded ? 1 : 0]);
      if (outcome !== 'died') break;
      expect(step).toBeLessThan(100);
    }
  });

  it('refuses what a newer agent has written, and is not deterred by what nobody understands', async () => {
    amphora.files.plant(topologyFile(base), '{"schema":2}', 0o600);
    await expect(control().load()).rejects.toMatchObject({ kind: 'version-mismatch' });
    amphora.files.plant(topologyFile(base), '{"schema":1,"settled":{"topology":"TWO"}}', 0o600);
    await control().load();
    expect((await state()).topology).toBe('SINGLE');
  });
});

describe('whoever listens', () => {
  it('hears that a transition has ended', async () => {
    let heard = 0;
    amphora.core().pairing.onChange(() => (heard += 1));
    await reach(pair);
    expect(heard).toBe(1);
  });
});
