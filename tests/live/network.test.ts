// VIP interfaces in real namespaces: what they are given, how they are left, and what clients see of it. Needs root.

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import {
  ip,
  ipIn,
  mac,
  makeStage,
  net,
  reach,
  tcpServer,
  tryAbilities,
  vipMac,
  vipWanted,
  within,
  type Stage,
} from './network/stage';

const { canWork, canAnnounce, canTranslate } = tryAbilities('vip');
const masquerade = canTranslate ? ([4, 6] as const) : [];
const vip = vipWanted(masquerade);
let stage: Stage;
let outside: string;
let inside: string;
let client: string;

beforeAll(() => {
  if (!canWork) return;
  stage = makeStage('vip');
  ({ outside, inside, client } = stage.names);
  ipIn(outside, 'addr add 192.0.2.77/24 dev vipport');
  ipIn(outside, 'link set dev vipport mtu 1400 up');
});

afterAll(async () => {
  if (canWork) await stage.end();
});

(canWork ? describe : describe.skip)('the namespace', () => {
  it('is made with lo up and set for VIPs and LVS, and is kept when it is there', async () => {
    await stage.network.ensureNamespace();
    await stage.network.ensureNamespace();
    expect(ipIn(inside, 'link show lo')).toContain('UP');
    const keys = ['net.ipv4.ip_nonlocal_bind', 'net.ipv6.ip_nonlocal_bind', 'net.ipv4.ip_forward'];
    const all = [...keys, 'net.ipv6.conf.all.forwarding'];
    expect(within(inside, 'sysctl', '-n', ...all)).toBe('1\n1\n1\n1\n');
  });

  it('is made anew when a restart of the container has left its name and nothing else', async () => {
    spawnSync('umount', [`/run/netns/${inside}`]);
    await stage.network.ensureNamespace();
    expect(ipIn(inside, 'link show lo')).toContain('UP');
  });
});

(canWork ? describe : describe.skip)('a VIP interface', () => {
  it('is found outside by its MAC, under the name that it has there', async () => {
    expect(await stage.network.find(vipMac)).toEqual({ name: 'vipport', isInside: false });
    expect(await stage.network.find(mac('02:00:00:00:ff:ff'))).toBeUndefined();
  });

  it('is moved in as eth1 with its MTU, addresses, routes and rules', async () => {
    const { warnings } = await stage.network.plug(vipMac, vip);
    expect(warnings).toEqual([]);
    expect(await stage.network.find(vipMac)).toEqual({ name: 'eth1', isInside: true });
    expect(ipIn(inside, 'link show eth1')).toMatch(/UP.* mtu 1450 /);
    const addresses = ipIn(inside, '-o addr show dev eth1');
    for (const each of ['10.31.0.4/24', '10.31.0.10/32', '2001:db8:31::4/64', '2001:db8:31::10/128'])
      expect(addresses).toContain(` ${each} `);
    expect(addresses).not.toContain('192.0.2.77');
    expect(within(inside, 'sysctl', '-n', 'net.ipv6.conf.eth1.accept_ra')).toBe('0\n');
  });

  it('needs nothing done when the same is wanted again', async () => {
    stage.commands.length = 0;
    await stage.network.configure(vip);
    expect(stage.commands.filter((line) => / (add|del|set|replace) /.test(line))).toEqual([]);
  });

  it('cannot be plugged twice', async () => {
    await expect(stage.network.plug(vipMac, vip)).rejects.toMatchObject({ kind: 'already-exists' });
  });

  it.each([
    ['IPv4', '198.18.0.1', '10.31.0.10', '10.31.0.2', '10.31.0.1'],
    ['IPv6', '2001:db8:ffff::1', '2001:db8:31::10', '2001:db8:31::2', '2001:db8:31::1'],
  ])('sends what comes from the VIP by the table of the VIPs (%s)', (_, far, from, ofVip, ofOthers) => {
    expect(ipIn(inside, `route get ${far} from ${from}`)).toContain(`via ${ofVip} dev eth1`);
    expect(ipIn(inside, `route get ${far}`)).toContain(`via ${ofOthers} dev eth1`);
    expect(ipIn(inside, 'route get 198.51.100.7')).toContain('via 203.0.113.1 dev eth1');
  });

  it('answers clients on the subnet, and far ones by the gateway of the VIPs', async () => {
    stage.start(inside, ...tcpServer('0.0.0.0'));
    stage.start(inside, ...tcpServer('::'));
    await eventually(() => {
      expect(reach(client, '10.31.0.10')).toBe('10.31.0.1');
      expect(reach(client, '2001:db8:31::10')).toMatch(/^2001:db8:31::/);
    });
    ipIn(client, 'addr add 198.18.0.5/32 dev lo');
    ipIn(client, 'addr add 2001:db8:ffff::5/128 dev lo');
    ipIn(inside, 'neigh flush dev eth1');
    expect(reach(client, '10.31.0.10', 80, '198.18.0.5')).toBe('198.18.0.5');
    expect(reach(client, '2001:db8:31::10', 80, '2001:db8:ffff::5')).toBe('2001:db8:ffff::5');
    const asked = ipIn(inside, 'neigh show dev eth1');
    expect(asked).toMatch(/^10\.31\.0\.2 /m);
    expect(asked).toMatch(/^2001:db8:31::2 /m);
    expect(asked).not.toMatch(/^(10\.31\.0\.1|2001:db8:31::1) .*lladdr/m);
  });

  (canAnnounce ? it : it.skip)('is learned at once by neighbours that had the VIP elsewhere', async () => {
    const elsewhere = 'lladdr 02:de:ad:00:00:01 dev c0 nud stale';
    for (const address of ['10.31.0.10', '2001:db8:31::10'])
      ipIn(client, `neigh replace ${address} ${elsewhere}`);
    expect(ipIn(client, 'neigh show 10.31.0.10')).toContain('02:de:ad');
    expect(await stage.network.announce('eth1', [ip('10.31.0.10'), ip('2001:db8:31::10')])).toEqual([]);
    await eventually(() => {
      expect(ipIn(client, 'neigh show 10.31.0.10')).toContain(vipMac);
      expect(ipIn(client, 'neigh show 2001:db8:31::10')).toContain(vipMac);
    });
    const failures = await stage.network.announce('eth9', [ip('10.31.0.10'), ip('2001:db8:31::10')]);
    expect(failures).toHaveLength(2);
  });

  it('loses what is no longer wanted, and keeps what keepalived brought', async () => {
    ipIn(inside, 'route add 100.64.0.0/16 via 10.31.0.1 dev eth1 proto 18');
    ipIn(inside, 'rule add from 10.31.0.10 table 1 protocol 18');
    const pair = {
      ...vip,
      addresses: vip.addresses.slice(0, 1),
      movingAddresses: vip.addresses.slice(1, 2),
      routes: vip.routes.slice(0, 2),
      rules: [],
    };
    await stage.network.configure(pair);
    const addresses = ipIn(inside, '-o addr show dev eth1 scope global');
    expect(addresses).toMatch(/10\.31\.0\.4\/24[^]*10\.31\.0\.10\/32/);
    expect(addresses).not.toContain('2001:db8');
    expect(ipIn(inside, 'route show table 1')).toBe('');
    expect(ipIn(inside, '-N route show proto 18')).toContain('100.64.0.0/16');
    expect(ipIn(inside, '-N rule show table 1')).toMatch(/from 10\.31\.0\.10 lookup 1 proto 18/);
    expect(ipIn(inside, '-6 rule show table 1')).toBe('');
    ipIn(inside, 'route del 100.64.0.0/16 proto 18');
    ipIn(inside, 'rule del from 10.31.0.10 table 1 protocol 18');
  });

  it('takes another address of its subnet in place of its own', async () => {
    const moved = { ...vip, addresses: [{ ip: ip('10.31.0.5'), prefix: 24 }, ...vip.addresses.slice(1)] };
    await stage.network.configure(moved);
    expect(ipIn(inside, '-o addr show dev eth1')).not.toContain('10.31.0.4/24');
    expect(reach(client, '10.31.0.5')).toBe('10.31.0.1');
    await stage.network.configure(vip);
    expect(reach(client, '10.31.0.4')).toBe('10.31.0.1');
  });

  it('does without a host route that the kernel refuses, and says which', async () => {
    const gateway = ip('10.31.0.4');
    const bad = {
      destination: net('100.65.0.0/16'),
      gateway,
      isOnLink: true,
      table: 'main',
      isOptional: true,
    } as const;
    const { warnings } = await stage.network.configure({ ...vip, routes: [...vip.routes, bad] });
    expect(warnings).toEqual([expect.stringMatching(/100\.65\.0\.0\/16.*invalid gateway/i)]);
  });

  it('stays as it was when something else is refused', async () => {
    const gateway = ip('10.31.0.4');
    const bad = { destination: net('100.65.0.0/16'), gateway, isOnLink: true, table: 'main' } as const;
    const before = stateOf('eth1');
    const wanted = { ...vip, mtu: 1300, addresses: vip.addresses.slice(0, 3), rules: [], routes: [bad] };
    await expect(stage.network.configure(wanted)).rejects.toMatchObject({
      kind: 'unavailable',
      detail: expect.stringMatching(/invalid gateway/i),
    });
    expect(stateOf('eth1')).toEqual(before);
  });
});

/** What an interface of the namespace is, without what the kernel counts. */
function stateOf(name: string): readonly string[] {
  const lines = [`-o addr show dev ${name}`, `route show table all dev ${name}`, 'rule', '-6 rule'];
  const mtu = /mtu \d+/.exec(ipIn(inside, `link show ${name}`))?.[0] ?? '';
  return [mtu, ...lines.map((line) => ipIn(inside, line).split('\n').sort().join('\n'))];
}
