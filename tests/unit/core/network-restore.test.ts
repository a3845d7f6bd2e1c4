// The network brought back from its record, over a machine of text that is "rebooted".

import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseInterfaceRules } from '../../../agent/core/interface-rules';
import { parseNetworkPlug, parseVipPlug } from '../../../agent/core/plug-request';
import { eventually } from '../../fakes/eventually';
import { createPlugScene, memberBody, memberMac, namespace, vipBody, vipMac } from './plug-scene';

let scene: Awaited<ReturnType<typeof createPlugScene>>;
let before: readonly string[];
beforeEach(async () => {
  scene = await createPlugScene();
  await scene.parts.plug.vip(parseVipPlug('10.0.0.5', vipBody()));
  await scene.parts.plug.network(parseNetworkPlug(memberBody()));
  const rules = parseInterfaceRules([{ protocol: 'TCP', cidr: null, port: 80 }]);
  await scene.parts.interfaceRules.replace('eth1', rules);
  before = sorted();
});

const sorted = (): readonly string[] => [...scene.show()].sort();
const reboot = (): void => {
  scene.machine.destroy(namespace);
  scene.addPorts();
};

describe('a start of the agent', () => {
  it('after a reboot has all of it again, the firewall before the interface', async () => {
    reboot();
    const from = scene.runner.transcript.length;
    const { networkRestore } = scene.start();
    expect(await networkRestore.restore()).toEqual({ restored: ['eth1', 'eth2'], failed: [], problems: [] });
    expect(sorted()).toEqual(before);
    const lines = scene.runner.transcript.slice(from);
    expect(lines.findIndex((line) => line.includes('nft -f'))).toBeLessThan(
      lines.findIndex((line) => line.includes('name eth1')),
    );
    expect(await networkRestore.findings()).toEqual([]);
  });

  it('while all is there changes nothing', async () => {
    const from = scene.runner.transcript.length;
    await scene.start().networkRestore.restore();
    expect(sorted()).toEqual(before);
    const changes = scene.runner.transcript
      .slice(from)
      .filter((line) => / (add|del|replace|netns .* name) /.test(line));
    expect(changes).toEqual([]);
  });

  it('with another topology in force brings the ports back for that one', async () => {
    reboot();
    scene.setTopology('ACTIVE-STANDBY');
    await scene.start().networkRestore.restore();
    expect(scene.show()).toContain('eth1 mtu 1500 up 10.0.0.9/24');
    expect(await scene.parts.pluggedPorts.vipOf('10.0.0.5')).toMatchObject({ interface: 'eth1' });
  });

  it('in the midst of a change to a pair takes the VIP off the interface, for keepalived to have it alone', async () => {
    scene.setTopology('ACTIVE-STANDBY');
    await scene.start().networkRestore.restore();
    expect(scene.show()).toContain('eth1 mtu 1500 up 10.0.0.9/24');
  });

  it('leaves what keepalived has put on an interface, though it was never plugged', async () => {
    await scene.runner.run(['ip', '-j', '-n', namespace, 'addr', 'add', '10.2.0.50/32', 'dev', 'eth2']);
    await scene.start().networkRestore.restore();
    expect(scene.show()).toContain('eth2 mtu 1500 up 10.2.0.9/24 10.2.0.50/32');
  });

  it('without one of the ports: the others are back, the missing one is told, and comes once it is there', async () => {
    scene.machine.destroy(namespace);
    scene.machine.addLink({ name: 'ens8', mac: memberMac });
    const { networkRestore } = scene.start();
    expect(await networkRestore.restore()).toEqual({
      restored: ['eth2'],
      failed: [{ name: 'eth1', why: expect.stringContaining('no interface with its MAC') }],
      problems: [],
    });
    expect(await networkRestore.findings()).toMatchObject([
      { check: 'network', severity: 'error', what: expect.stringContaining(vipMac) },
    ]);
    const aborter = new AbortController();
    networkRestore.watch(aborter.signal);
    await scene.clock.advance(5_000);
    scene.machine.addLink({ name: 'ens7', mac: vipMac });
    await eventually(async () => {
      await scene.clock.advance(5_000);
      expect(sorted()).toEqual(before);
    });
    await eventually(async () => expect(await networkRestore.findings()).toEqual([]));
    aborter.abort();
  });

  it('stops waiting for a port that a controller plugs', async () => {
    scene.machine.destroy(namespace);
    const parts = scene.start();
    await parts.networkRestore.restore();
    expect(await parts.networkRestore.findings()).toHaveLength(2);
    scene.addPorts();
    await parts.plug.vip(parseVipPlug('10.0.0.5', vipBody()));
    expect(await parts.networkRestore.findings()).toMatchObject([{ severity: 'warning' }]);
    expect(scene.show().join()).toContain('amphora_rules_eth1');
  });

  it('goes on where the namespace cannot be made, and tells it', async () => {
    reboot();
    scene.machine.failNext(/netns add/, 'Operation not permitted');
    const { networkRestore } = scene.start();
    expect((await networkRestore.restore()).failed).toHaveLength(2);
    expect((await networkRestore.findings()).map(({ what }) => what).join()).toContain('not permitted');
  });

  it('makes the namespace later when it cannot at first', async () => {
    reboot();
    scene.machine.failNext(/netns add/, 'Cannot allocate memory');
    const { networkRestore } = scene.start();
    await networkRestore.restore();
    const aborter = new AbortController();
    networkRestore.watch(aborter.signal);
    await eventually(async () => {
      await scene.clock.advance(5_000);
      expect(await networkRestore.findings()).toEqual([]);
    });
    expect(sorted()).toEqual(before);
    aborter.abort();
  });

  it('goes on over a record that is spoiled, and tells it', async () => {
    reboot();
    scene.files.plant('/etc/octavia/interfaces/eth1.json', 'x');
    const { networkRestore } = scene.start();
    expect(await networkRestore.restore()).toEqual({
      restored: ['eth2'],
      failed: [],
      problems: [expect.stringContaining('eth1.json')],
    });
    expect((await networkRestore.findings()).map(({ what }) => what).join()).toContain('eth1.json');
  });

  it('does not bring up a port whose stored firewall cannot be read', async () => {
    reboot();
    scene.files.plant('/etc/octavia/interfaces/eth1.rules', 'x');
    const { networkRestore } = scene.start();
    expect(await networkRestore.restore()).toMatchObject({ restored: ['eth2'], failed: [{ name: 'eth1' }] });
  });

  it('in a profile without a namespace touches nothing', async () => {
    reboot();
    const from = scene.runner.transcript.length;
    await scene.start('').networkRestore.restore();
    expect(scene.runner.transcript).toHaveLength(from);
  });
});

describe('an interface on record', () => {
  it('is taken down bare, and brought up as it was', async () => {
    const { networkRestore } = scene.start();
    expect(await networkRestore.names()).toEqual(['eth1', 'eth2']);
    await networkRestore.takeDown('eth1');
    expect(scene.show()).toContain('eth1 mtu 1500 down');
    expect(scene.show().join()).not.toContain('rule from');
    expect(await networkRestore.restore('eth1')).toEqual({ restored: ['eth1'], failed: [], problems: [] });
    expect(sorted()).toEqual(before);
  });
});
