// Ports plugged over a machine of text: what they leave, what is on record, and that a failure leaves neither.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import { parseInterfaceRules } from '../../../agent/core/interface-rules';
import { parseNetworkPlug, parseVipPlug } from '../../../agent/core/plug-request';
import { createPlugScene, memberBody, memberMac, namespace, vipBody, vipMac } from './plug-scene';

type Scene = Awaited<ReturnType<typeof createPlugScene>>;
let scene: Scene;
beforeEach(async () => {
  scene = await createPlugScene();
});

const plugVip = (more?: object) => scene.parts.plug.vip(parseVipPlug('10.0.0.5', vipBody(more)));
const plugNetwork = (more?: object) => scene.parts.plug.network(parseNetworkPlug(memberBody(more)));
const webRules = parseInterfaceRules([{ protocol: 'TCP', cidr: null, port: 80 }]);
const firewall = () => scene.machine.table('inet amphora_rules_eth1', namespace);
const diskIsGone = () => new AgentError('unavailable', 'the disk is gone');
const outside = (): readonly string[] | undefined => scene.machine.show();
const untouched = ['lo mtu 65536 down', 'ens7 mtu 1500 down', 'ens8 mtu 1500 down'];

describe('a VIP', () => {
  it('becomes eth1, and is on record', async () => {
    expect(await plugVip()).toMatchObject({ name: 'eth1', isNew: true, warnings: [] });
    expect(scene.show()).toEqual([
      'lo mtu 65536 up',
      'eth1 mtu 1500 up 10.0.0.9/24 10.0.0.5/32',
      'route 0.0.0.0/0 via 10.0.0.1 dev eth1',
      'route 0.0.0.0/0 via 10.0.0.1 dev eth1 table 1',
      'route 10.0.0.0/24 dev eth1 src 10.0.0.5 table 1',
      'rule from 10.0.0.5/32 table 1',
      'nft ip amphora_lvs_eth1',
    ]);
    expect(await scene.list()).toBe(`${vipMac} eth1\n`);
  });

  it('is told to its neighbours, the address of the amphora too', async () => {
    await plugVip();
    const told = scene.runner.transcript.filter((line) => line.includes('arping'));
    expect(told.map((line) => line.split(' ').at(-1))).toEqual(['10.0.0.9', '10.0.0.5']);
  });

  it('in a pair is left to keepalived', async () => {
    scene.setTopology('ACTIVE-STANDBY');
    await plugVip();
    expect(scene.show()).toContain('eth1 mtu 1500 up 10.0.0.9/24');
    expect(scene.show().join()).not.toMatch(/table 1|10\.0\.0\.5/);
  });

  it('plugged twice is already there; what is there stays', async () => {
    await plugVip();
    const before = scene.show();
    await expect(plugVip()).rejects.toMatchObject({
      kind: 'already-exists',
      message: 'Interface already exists',
    });
    expect(scene.show()).toEqual(before);
  });

  it('of another port while there is one: already there, and that port is left alone', async () => {
    await plugVip();
    await expect(plugVip({ mac_address: memberMac })).rejects.toMatchObject({
      kind: 'already-exists',
      detail: expect.stringContaining('eth1'),
    });
    expect(outside()).toEqual(['lo mtu 65536 down', 'ens8 mtu 1500 down']);
  });

  it('by way of SR-IOV while there is another: that one keeps its rules', async () => {
    await plugVip();
    await scene.parts.interfaceRules.replace('eth1', webRules);
    const before = firewall();
    await expect(plugVip({ mac_address: memberMac, is_sriov: true })).rejects.toMatchObject({
      kind: 'already-exists',
    });
    expect(firewall()).toBe(before);
  });

  it('in place of a port that is gone does not get the rules of that', async () => {
    await plugVip();
    await scene.parts.interfaceRules.replace('eth1', webRules);
    scene.machine.removeLink('eth1', namespace);
    await plugVip({ mac_address: memberMac });
    expect(firewall()).toBeUndefined();
    expect(await scene.files.readText('/etc/octavia/interfaces/eth1.rules')).toBeUndefined();
  });

  it('of no port: not found, of the subject on which dialects have their own words', async () => {
    await expect(plugVip({ mac_address: 'fa:16:3e:00:00:99' })).rejects.toMatchObject({
      kind: 'not-found',
      subject: { what: 'network interface', id: 'fa:16:3e:00:00:99' },
    });
  });

  it('of a port that vanishes between look-up and move: not found', async () => {
    scene.machine.failNext(/netns amphora-haproxy name/, 'Cannot find device "ens7"');
    await expect(plugVip()).rejects.toMatchObject({
      kind: 'not-found',
      subject: { what: 'network interface' },
      detail: expect.stringContaining('Cannot find device'),
    });
  });

  it.each([
    ['a step', () => scene.machine.failNext(/addr add/, 'RTNETLINK answers: Operation not permitted')],
    ['nft', () => scene.machine.failNext(/nft -f/, 'Operation not supported')],
    ['the interface file', () => scene.files.failNext('writeAtomic', diskIsGone())],
  ])('that fails by %s: its words, and everything is as it was', async (_what, fail) => {
    fail();
    await expect(plugVip()).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error plugging VIP',
      detail: expect.stringMatching(/not permitted|not supported|disk is gone/),
    });
    expect(new Set(outside())).toEqual(new Set(untouched));
    expect(scene.show()).toEqual(['lo mtu 65536 up']);
    expect(await scene.list()).toBeUndefined();
  });

  it('that an agent left half-done when it died is finished by the next request', async () => {
    scene.machine.failNext(/addr add/, 'no');
    scene.machine.failNext(/netns \d+ name/, 'no way back');
    await expect(plugVip()).rejects.toMatchObject({ detail: expect.stringContaining('no way back') });
    expect(scene.show().join()).toContain('eth1');
    expect(await plugVip()).toMatchObject({ isNew: true });
    expect(scene.show()).toContain('eth1 mtu 1500 up 10.0.0.9/24 10.0.0.5/32');
  });

  it('by way of SR-IOV is closed before it is there, and open again when it does not come', async () => {
    scene.machine.failNext(/addr add/, 'no');
    await expect(plugVip({ is_sriov: true })).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(scene.show().join()).not.toContain('amphora_rules');
    await plugVip({ is_sriov: true });
    const lines = scene.runner.transcript;
    expect(lines.findLastIndex((line) => line.includes('name eth1'))).toBeGreaterThan(
      lines.findIndex((line) => line.includes('nft -f')),
    );
    expect(scene.show()).toContain('nft inet amphora_rules_eth1');
  });

  it('without a namespace in this profile is refused with the reason', async () => {
    const { plug } = scene.start('');
    await expect(plug.vip(parseVipPlug('10.0.0.5', vipBody()))).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: expect.stringContaining('no network namespace is configured'),
    });
  });
});

describe('a network', () => {
  it('becomes the next free interface, and is on record', async () => {
    await plugVip();
    expect(await plugNetwork()).toMatchObject({ name: 'eth2', isNew: true });
    expect(scene.show()).toContain('eth2 mtu 1500 up 10.2.0.9/24');
    expect(await scene.list()).toBe(`${vipMac} eth1\n${memberMac} eth2\n`);
  });

  it('before any VIP: eth2 all the same', async () => {
    expect(await plugNetwork()).toMatchObject({ name: 'eth2' });
  });

  it('plugged again is changed: what is no longer asked for goes', async () => {
    await plugNetwork();
    const fixed_ips = [{ ip_address: '10.3.0.9', subnet_cidr: '10.3.0.0/24' }];
    expect(await plugNetwork({ fixed_ips })).toMatchObject({ name: 'eth2', isNew: false });
    expect(scene.show()).toContain('eth2 mtu 1500 up 10.3.0.9/24');
  });

  it('with an address that another interface has: already there', async () => {
    await plugVip();
    const fixed_ips = [{ ip_address: '10.0.0.5', subnet_cidr: '10.0.0.0/24' }];
    await expect(plugNetwork({ fixed_ips })).rejects.toMatchObject({
      kind: 'already-exists',
      detail: expect.stringContaining('10.0.0.5'),
    });
  });

  it('with an address that moves between the halves of a pair: already there, whichever half has it now', async () => {
    scene.setTopology('ACTIVE-STANDBY');
    await plugVip();
    const fixed_ips = [{ ip_address: '10.0.0.5', subnet_cidr: '10.0.0.0/24' }];
    await expect(plugNetwork({ fixed_ips })).rejects.toMatchObject({
      kind: 'already-exists',
      detail: expect.stringContaining('10.0.0.5'),
    });
    expect(await plugNetwork({ fixed_ips, mac_address: vipMac })).toMatchObject({ name: 'eth1' });
    expect(scene.show().join()).not.toContain('10.0.0.5');
  });

  it('on the port of the VIP: the VIP stays, also when the request does not speak of it', async () => {
    await plugVip();
    const fixed_ips = [{ ip_address: '10.7.0.9', subnet_cidr: '10.7.0.0/24' }];
    await plugNetwork({ mac_address: vipMac, fixed_ips });
    expect(scene.show()).toContain('eth1 mtu 1500 up 10.0.0.9/24 10.0.0.5/32 10.7.0.9/24');
    const vip_net_info = {
      vip: '10.0.0.6',
      subnet_cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      vrrp_ip: '10.0.0.9',
    };
    await plugNetwork({ mac_address: vipMac, fixed_ips: [], vip_net_info });
    expect(scene.show()).toContain('eth1 mtu 1500 up 10.0.0.9/24 10.0.0.6/32');
    expect(scene.show()).toContain('rule from 10.0.0.6/32 table 1');
  });

  it('of a new port with vip_net_info is a network: VIPs are plugged as VIPs only', async () => {
    const vip_net_info = { vip: '10.0.0.5', subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1' };
    await plugNetwork({ vip_net_info });
    expect(scene.show()).toContain('eth2 mtu 1500 up 10.2.0.9/24');
    expect(scene.show().join()).not.toContain('table 1');
  });

  it('changed keeps what keepalived has put on its interface, and loses what it was given before', async () => {
    await plugNetwork();
    await scene.runner.run(['ip', '-j', '-n', namespace, 'addr', 'add', '10.2.0.50/32', 'dev', 'eth2']);
    await plugNetwork({ fixed_ips: [{ ip_address: '10.2.0.10', subnet_cidr: '10.2.0.0/24' }] });
    expect(scene.show()).toContain('eth2 mtu 1500 up 10.2.0.50/32 10.2.0.10/24');
  });

  it('that cannot be changed stays as it was, on record too', async () => {
    await plugNetwork();
    const before = scene.show();
    const recorded = await scene.files.readText('/etc/octavia/interfaces/eth2.json');
    scene.files.failNext('writeAtomic', diskIsGone());
    const fixed_ips = [{ ip_address: '10.3.0.9', subnet_cidr: '10.3.0.0/24' }];
    await expect(plugNetwork({ fixed_ips })).rejects.toMatchObject({ message: 'Error plugging network' });
    expect(scene.show()).toEqual(before);
    expect(await scene.files.readText('/etc/octavia/interfaces/eth2.json')).toBe(recorded);
  });
});

describe('interface rules', () => {
  const rule = (port: number) => parseInterfaceRules([{ protocol: 'TCP', cidr: '192.0.2.9/24', port }]);
  const table = (): string | undefined => scene.machine.table('inet amphora_rules_eth1', 'amphora-haproxy');
  const stored = () => scene.files.readText('/etc/octavia/interfaces/eth1.rules');

  it('are admitted as a whole and stored; an empty list leaves them', async () => {
    await plugVip();
    const { interfaceRules } = scene.parts;
    await interfaceRules.replace('eth1', rule(80));
    expect(table()).toContain('ip saddr 192.0.2.0/24 tcp dport 80 accept');
    await interfaceRules.replace('eth1', rule(81));
    expect(table()).toContain('dport 81');
    expect(table()).not.toContain('dport 80');
    await interfaceRules.replace('eth1', []);
    expect(table()).toContain('dport 81');
    expect(await stored()).toContain('81');
  });

  it('that nft refuses leave the old ones, with what nft said', async () => {
    await plugVip();
    await scene.parts.interfaceRules.replace('eth1', rule(80));
    scene.machine.failNext(/nft -f/, 'syntax error');
    await expect(scene.parts.interfaceRules.replace('eth1', rule(81))).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: expect.stringContaining('syntax error'),
    });
    expect(await stored()).toContain('80');
  });

  it('that cannot be stored are not admitted', async () => {
    await plugVip();
    scene.files.failNext('writeAtomic', diskIsGone());
    await expect(scene.parts.interfaceRules.replace('eth1', rule(80))).rejects.toThrow();
    expect(table()).toBeUndefined();
    await scene.parts.interfaceRules.replace('eth1', rule(80));
    scene.files.failNext('writeAtomic', diskIsGone());
    await expect(scene.parts.interfaceRules.replace('eth1', rule(81))).rejects.toThrow();
    expect(table()).toContain('dport 80');
  });

  it('take the place of stored ones that cannot be read', async () => {
    await plugVip();
    scene.files.plant('/etc/octavia/interfaces/eth1.rules', 'x');
    scene.files.failNext('writeAtomic', diskIsGone());
    await expect(scene.parts.interfaceRules.replace('eth1', rule(80))).rejects.toThrow();
    await scene.parts.interfaceRules.replace('eth1', rule(80));
    expect(table()).toContain('dport 80');
    expect(await stored()).toContain('80');
  });

  it('find the interface of a VIP that the other half of a pair has now', async () => {
    scene.setTopology('ACTIVE-STANDBY');
    await plugVip();
    expect(await scene.parts.interfaceRules.interfaceFor('10.0.0.5')).toBe('eth1');
    await expect(scene.parts.interfaceRules.interfaceFor('10.0.0.77')).rejects.toMatchObject({
      kind: 'not-found',
      subject: { what: 'interface' },
    });
  });
});

describe('what is plugged', () => {
  it('is told to whoever renders keepalived’s configuration', async () => {
    const additional_vips = [
      { ip_address: '2001:db8::5', subnet_cidr: '2001:db8::/64', gateway: '2001:db8::1' },
    ];
    const host_routes = [{ destination: '192.0.2.0/24', nexthop: '10.0.0.254' }];
    scene.setTopology('ACTIVE-STANDBY');
    await plugVip({ additional_vips, host_routes });
    expect(await scene.parts.pluggedPorts.vipOf('10.0.0.5')).toMatchObject({
      interface: 'eth1',
      vip: {
        ip: { text: '10.0.0.5' },
        prefix: 24,
        gateway: { text: '10.0.0.1' },
        hostRoutes: [{ destination: { network: '192.0.2.0', prefix: 24 }, nexthop: { text: '10.0.0.254' } }],
      },
      additional: [{ ip: { text: '2001:db8::5' }, prefix: 64, gateway: { text: '2001:db8::1' } }],
      vrrp: { ip: { text: '10.0.0.9' }, prefix: 24 },
    });
    expect(await scene.parts.pluggedPorts.vipOf('10.0.0.77')).toBeUndefined();
    expect(await scene.parts.pluggedPorts.vipOf('x')).toBeUndefined();
  });

  it('follows the topology: VIPs leave the interface for a pair, and come back', async () => {
    await plugVip();
    await plugNetwork();
    const alone = scene.show();
    await scene.parts.pluggedPorts.follow('ACTIVE-STANDBY');
    expect(scene.show()).toContain('eth1 mtu 1500 up 10.0.0.9/24');
    expect(scene.show().join()).not.toMatch(/table 1|10\.0\.0\.5/);
    // keepalived's own work is left alone by whatever comes again.
    const inPair = scene.show();
    await scene.parts.pluggedPorts.follow('ACTIVE-STANDBY');
    expect(scene.show()).toEqual(inPair);
    await scene.parts.pluggedPorts.follow('SINGLE');
    expect([...scene.show()].sort()).toEqual([...alone].sort());
  });
});
