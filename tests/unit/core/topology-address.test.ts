// Whose the address of a pair is when something goes wrong: nobody's twice, and never lost.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { createTopology } from '../../../agent/core/topology';
import { createTopologyStore } from '../../../agent/core/topology-store';
import { AgentError } from '../../../agent/model/errors';
import type { Pair, Topology } from '../../../agent/model/topology';
import { createScriptedAmphora, type ScriptedAmphora } from '../../fakes/scripted-amphora';
import { installPair, type ScriptedPair } from '../../fakes/scripted-pair';

const vip = '172.16.0.10';
const single = { topology: 'SINGLE' } as const;
// No own address of this amphora is in its subnet.
const pair: Pair = { topology: 'ACTIVE-STANDBY', role: 'ACTIVE', haIp: vip, secret: 's' };
const neighbourly: Pair = { ...pair, haIp: '192.168.50.10' };

let amphora: ScriptedAmphora;
let keepalived: ScriptedPair;
const control = () => amphora.core().pairing.topology;
const settle = () => amphora.pass(control().settled());
const reach = async (wanted: Pair | typeof single) => {
  expect(await amphora.pass(control().post(wanted))).toBe(true);
  await settle();
};
const eth1 = () => keepalived.addresses.get('eth1');

beforeEach(async () => {
  amphora = await createScriptedAmphora();
  keepalived = installPair(amphora);
  keepalived.addresses.get('eth1')?.push(`${vip}/24`);
});

describe('an address in a subnet of its own', () => {
  it('comes back to its interface, with its prefix, when the transition fails', async () => {
    keepalived.dies = true;
    await reach(pair);
    expect(eth1()).toEqual(['192.168.50.11/24', `${vip}/24`]);
    expect((await amphora.pass(control().state())).error).not.toContain('not whole');
  });

  it('comes back to its interface when its amphora is single again', async () => {
    await reach(pair);
    keepalived.become('MASTER');
    const before = amphora.runner.transcript.length;
    await reach(single);
    expect(eth1()).toEqual(['192.168.50.11/24', `${vip}/24`]);
    const told = amphora.runner.transcript.slice(before).filter((line) => line.includes('arping'));
    expect(told).toEqual([expect.stringMatching(/^arping .*172\.16\.0\.10/)]);
    expect(await amphora.pass(control().state())).toMatchObject({ topology: 'SINGLE' });
  });

  it('does not keep an amphora in a pair whose other half has it', async () => {
    await reach(pair);
    await reach(single);
    expect(eth1()).toEqual(['192.168.50.11/24']);
    expect(await amphora.pass(control().state())).toMatchObject({ topology: 'SINGLE' });
  });

  it('is there again after an agent was killed at any step of the transition', async () => {
    for (let step = 1; ; step += 1) {
      amphora = await createScriptedAmphora();
      keepalived = installPair(amphora);
      keepalived.addresses.get('eth1')?.push(`${vip}/24`);
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(async () => {
        await control().post(pair);
        await control().settled();
      });
      await amphora.restartAgent();
      await amphora.pass(amphora.core().pairing.prepare());
      await amphora.pass(amphora.core().pairing.restore());
      await settle();
      keepalived.become('MASTER');
      const { error } = await amphora.pass(control().state());
      expect([step, error, eth1()]).toEqual([step, undefined, ['192.168.50.11/24', `${vip}/24`]]);
      if (outcome !== 'died') break;
      expect(step).toBeLessThan(100);
    }
  });
});

describe('SINGLE, when its agent is killed at any step', () => {
  it.each(['MASTER', 'BACKUP'] as const)('leaves the address with whoever had it: %s', async (role) => {
    for (let step = 1; ; step += 1) {
      amphora = await createScriptedAmphora();
      keepalived = installPair(amphora);
      keepalived.addresses.get('eth1')?.push(`${vip}/24`);
      await reach(pair);
      keepalived.become(role);
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(async () => {
        await control().post(single);
        await control().settled();
      });
      await amphora.restartAgent();
      await amphora.pass(amphora.core().pairing.prepare());
      await amphora.pass(amphora.core().pairing.restore());
      await settle();
      const { topology, error } = await amphora.pass(control().state());
      const isThere = eth1()?.includes(`${vip}/24`);
      expect([step, error, isThere]).toEqual([step, undefined, role === 'MASTER']);
      expect([step, keepalived.running().length]).toEqual([step, topology === 'SINGLE' ? 0 : 1]);
      if (outcome !== 'died') break;
      expect(step).toBeLessThan(100);
    }
  });
});

describe('an address that is all that its interface has', () => {
  it('is refused: VRRP speaks from an address of its own', async () => {
    keepalived.addresses.set('eth1', [`${vip}/24`]);
    await expect(amphora.pass(control().post(pair))).rejects.toMatchObject({
      kind: 'invalid-input',
      detail: expect.stringContaining('ha_ip'),
    });
    expect(eth1()).toEqual([`${vip}/24`]);
  });
});

describe('where agent.conf says that amphorae come in pairs', () => {
  const local =
    '[amphorad]\nnetwork_namespace =\n[controller_worker]\nloadbalancer_topology = ACTIVE_STANDBY\n';
  const upload = `vrrp_instance own {\n    interface eth1\n    virtual_router_id 9\n    priority 90\n    virtual_ipaddress {\n        ${vip}\n    }\n}\n`;
  beforeEach(async () => {
    amphora = await createScriptedAmphora({ local });
    keepalived = installPair(amphora);
    keepalived.addresses.get('eth1')?.push(`${vip}/24`);
  });

  it('SINGLE is a change: plugged VIPs come to their interfaces', async () => {
    expect(await control().followed()).toBe('ACTIVE-STANDBY');
    await reach(single);
    expect(await control().followed()).toBe('SINGLE');
    expect(await amphora.pass(control().post(single))).toBe(false);
  });

  it('a pair that failed leaves plugged VIPs to the pair that agent.conf means', async () => {
    const followed: Topology[] = [];
    const failing = createTopology({
      log: amphora.log,
      store: createTopologyStore({ ...amphora, basePath: '/var/lib/octavia' }),
      effects: {
        isUploaded: () => Promise.resolve(false),
        isPaired: () => Promise.resolve(false),
        isInForce: () => Promise.resolve(false),
        requirePossible: () => Promise.resolve(),
        held: () => Promise.resolve([]),
        pair: () => Promise.reject(new AgentError('timeout', 'no role')),
        alone: (_former, _held, topology) => Promise.resolve(void followed.push(topology)),
      },
      role: () => Promise.resolve(undefined),
      configured: () => 'ACTIVE_STANDBY',
      ended: () => undefined,
    });
    expect(await failing.post(pair)).toBe(true);
    await failing.settled();
    expect(followed).toEqual(['ACTIVE-STANDBY']);
  });

  it('a posted SINGLE takes no VIP from a keepalived whose configuration was uploaded', async () => {
    await amphora.pass(amphora.core().pairing.vrrp.upload(upload));
    expect(await amphora.pass(control().post(single))).toBe(false);
    expect(await control().followed()).toBe('ACTIVE-STANDBY');
  });
});

describe('a topology that is posted again', () => {
  it('or another one without a pair, is nothing to do', async () => {
    expect(await amphora.pass(control().post(single))).toBe(false);
    expect(await amphora.pass(control().post({ topology: 'ACTIVE-ACTIVE' }))).toBe(false);
  });

  it('brings back a keepalived that was stopped meanwhile', async () => {
    await reach(neighbourly);
    await amphora.pass(amphora.core().pairing.vrrp.stop());
    await reach(neighbourly);
    expect(keepalived.running()).toHaveLength(1);
    expect(await amphora.pass(control().post(neighbourly))).toBe(false);
  });

  it('after a transition that failed makes all well, and the failure is forgotten', async () => {
    keepalived.addresses.set('eth1', ['192.168.50.11/24']);
    await reach(neighbourly);
    keepalived.verdict = { code: 5, stderr: '(Line 9) no such thing\n' };
    await reach({ ...neighbourly, priority: 7 });
    expect((await amphora.pass(control().state())).error).toContain('not whole');
    keepalived.verdict = { code: 0, stderr: '' };
    await reach(neighbourly);
    expect((await amphora.pass(control().state())).error).toBeUndefined();
    expect(keepalived.running()[0]?.text).toContain('priority 100');
  });
});

describe('a transition that the former agent did not end', () => {
  it('lets nobody change anything before it goes on, and goes on once', async () => {
    keepalived.state = 'FAULT';
    expect(await amphora.pass(control().post(pair))).toBe(true);
    await amphora.clock.advance(5_000);
    await amphora.restartAgent();
    await amphora.pass(amphora.core().pairing.prepare());
    expect(control().refuseChange()).toMatchObject({ kind: 'unavailable' });
    await expect(control().post(single)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await amphora.pass(control().state())).toMatchObject({ inTransition: true });
    await amphora.pass(amphora.core().pairing.restore());
    keepalived.become('BACKUP');
    await settle();
    expect(control().refuseChange()).toBeUndefined();
  });
});
