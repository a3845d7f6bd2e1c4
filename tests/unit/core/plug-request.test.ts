// What controllers send to plug ports, member by member.

import { describe, expect, it } from '@jest/globals';
import { parseNetworkPlug, parseVipPlug } from '../../../agent/core/plug-request';
import { AgentError } from '../../../agent/model/errors';

const mac = 'FA:16:3e:00:00:01';
const vipBody = (more: object = {}): object => ({
  subnet_cidr: '10.0.0.0/24',
  gateway: '10.0.0.1',
  mac_address: mac,
  ...more,
});

const said = (job: () => unknown): string => {
  try {
    job();
  } catch (thrown) {
    if (thrown instanceof AgentError) return `${thrown.kind} ${thrown.message}: ${thrown.detail ?? ''}`;
  }
  return 'accepted';
};

describe('a request for a VIP', () => {
  it('becomes a port with all that was asked for', () => {
    const host_routes = [{ destination: '192.0.2.7/24', nexthop: '10.0.0.254' }];
    const additional_vips = [{ ip_address: '2001:DB8::5', subnet_cidr: '2001:db8::/64', gateway: 'fe80::1' }];
    const more = { mtu: 1450, vrrp_ip: '10.0.0.9', host_routes, additional_vips, is_sriov: true };
    expect(parseVipPlug('10.0.0.5', vipBody(more))).toEqual({
      mac: mac.toLowerCase(),
      isSriov: true,
      port: {
        mtu: 1450,
        vrrp: { ip: { family: 4, text: '10.0.0.9' }, prefix: 24 },
        vips: [
          {
            ip: { family: 4, text: '10.0.0.5' },
            prefix: 24,
            gateway: { family: 4, text: '10.0.0.1' },
            hostRoutes: [
              {
                destination: { family: 4, network: '192.0.2.0', prefix: 24 },
                nexthop: { family: 4, text: '10.0.0.254' },
              },
            ],
          },
          {
            ip: { family: 6, text: '2001:db8::5' },
            prefix: 64,
            gateway: { family: 6, text: 'fe80::1' },
            hostRoutes: [],
          },
        ],
        fixedIps: [],
      },
    });
  });

  it.each([
    ['members that are null', { gateway: null, mtu: null, vrrp_ip: null, host_routes: null }],
    ['a gateway outside the subnet', { gateway: '172.16.0.1' }],
    ['members nobody knows', { port_id: 'x' }],
    ['a VIP outside the subnet, as the real agent does', { subnet_cidr: '10.9.0.0/24' }],
  ])('may have %s', (_what, more) => {
    expect(said(() => parseVipPlug('10.0.0.5', vipBody(more)))).toBe('accepted');
  });

  it.each([
    ['10.0.0.500', {}, 'Invalid VIP: vip: expected'],
    ['::ffff:10.0.0.5', {}, 'Invalid VIP: vip: expected'],
    ['fe80::1%eth0', {}, 'Invalid VIP: vip: expected'],
    ['127.0.0.1', {}, 'Invalid VIP: vip: expected'],
    ['0.0.0.0', {}, 'Invalid VIP: vip: expected'],
    ['224.0.0.18', {}, 'Invalid VIP: vip: expected'],
    ['ff02::12', { subnet_cidr: 'ff02::/16' }, 'Invalid VIP: vip: expected'],
    ['2001:db8::5', {}, 'Invalid VIP: subnet_cidr: expected the IPv6 subnet'],
    ['10.0.0.5', { subnet_cidr: 'nonsense' }, 'Invalid VIP: subnet_cidr: expected the IPv4 subnet'],
    ['10.0.0.5', { subnet_cidr: '10.0.0.5/24' }, 'Invalid VIP: subnet_cidr: expected the IPv4 subnet'],
    ['10.0.0.5', { vrrp_ip: 'x' }, 'Invalid VRRP Address: vrrp_ip: expected'],
    ['10.0.0.5', { vrrp_ip: '2001:db8::9' }, 'Invalid VRRP Address: vrrp_ip: 2001:db8::9'],
    ['10.0.0.5', { gateway: '2001:db8::1' }, 'Invalid subnet information: gateway: expected an IPv4'],
    ['10.0.0.5', { gateway: '::ffff:10.0.0.1' }, 'Invalid subnet information: gateway: expected'],
    ['10.0.0.5', { gateway: '10.0.0.5' }, 'Invalid subnet information: gateway: expected another address'],
    ['10.0.0.5', { vrrp_ip: '10.0.0.1' }, 'Invalid VRRP Address: vrrp_ip: 10.0.0.1 is the gateway'],
    ['10.0.0.5', { mac_address: 'x' }, 'Invalid subnet information: mac_address: expected'],
    ['10.0.0.5', { mac_address: '01:00:5e:00:00:12' }, 'Invalid subnet information: mac_address: expected'],
    ['10.0.0.5', { mac_address: 5 }, 'Invalid subnet information: mac_address: must be string'],
    ['10.0.0.5', { mtu: '1500' }, 'Invalid subnet information: mtu: must be integer'],
    ['10.0.0.5', { mtu: 67 }, 'Invalid subnet information: mtu: must be >= 68'],
    ['10.0.0.5', { is_sriov: 'yes' }, 'Invalid subnet information: is_sriov: must be boolean'],
    ['10.0.0.5', { host_routes: {} }, 'Invalid subnet information: host_routes: must be array'],
    [
      '10.0.0.5',
      { host_routes: [{ destination: '192.0.2.0/24' }] },
      "Invalid subnet information: host_routes[0]: must have required property 'nexthop'",
    ],
    [
      '10.0.0.5',
      { host_routes: [{ destination: '192.0.2.0/33', nexthop: '10.0.0.254' }] },
      'Invalid subnet information: host_routes[0].destination: expected a subnet',
    ],
    [
      '10.0.0.5',
      { host_routes: [{ destination: '192.0.2.0/24', nexthop: '2001:db8::1' }] },
      'Invalid subnet information: host_routes[0].nexthop: expected an IPv4',
    ],
    [
      '10.0.0.5',
      { additional_vips: [{ ip_address: 'x', subnet_cidr: '10.0.0.0/24' }] },
      'Invalid VIP: additional_vips[0].ip_address: expected',
    ],
    [
      '10.0.0.5',
      { additional_vips: [{ subnet_cidr: '10.0.0.0/24' }] },
      "Invalid subnet information: additional_vips[0]: must have required property 'ip_address'",
    ],
  ])('for %s with %j is refused with the member and what was expected', (vip, more, words) => {
    expect(said(() => parseVipPlug(vip, vipBody(more)))).toContain(`invalid-input ${words}`);
  });
});

describe('a request for a network', () => {
  it('becomes a port with its addresses', () => {
    const fixed_ips = [{ ip_address: '10.1.0.5', subnet_cidr: '10.1.0.0/16', gateway: '10.1.0.1' }];
    expect(parseNetworkPlug({ mac_address: mac, fixed_ips }).port).toEqual({
      vips: [],
      fixedIps: [
        {
          ip: { family: 4, text: '10.1.0.5' },
          prefix: 16,
          gateway: { family: 4, text: '10.1.0.1' },
          hostRoutes: [],
        },
      ],
    });
  });

  it('may be for the port that has the VIPs', () => {
    const vip_net_info = {
      vip: '10.0.0.5',
      subnet_cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      vrrp_ip: '10.0.0.9',
    };
    const { port } = parseNetworkPlug({ mac_address: mac, fixed_ips: [], vip_net_info });
    expect(port.vips.map(({ ip }) => ip.text)).toEqual(['10.0.0.5']);
    expect(port.vrrp?.ip.text).toBe('10.0.0.9');
  });

  it.each([
    [
      { fixed_ips: [{ ip_address: 'x', subnet_cidr: '10.0.0.0/8' }] },
      'Invalid network port: fixed_ips[0].ip_address',
    ],
    [
      { fixed_ips: [{ ip_address: '::ffff:10.0.0.5', subnet_cidr: '::/0' }] },
      'Invalid network port: fixed_ips[0].ip_address',
    ],
    [{ fixed_ips: [{ ip_address: '10.0.0.5' }] }, 'Invalid port information: fixed_ips[0]: must have'],
    [{ fixed_ips: 'all' }, 'Invalid port information: fixed_ips: must be array'],
    [
      { fixed_ips: [{ ip_address: '10.0.0.5', subnet_cidr: '10.0.0.5/8' }] },
      'Invalid port information: fixed_ips[0].subnet_cidr',
    ],
    [{ vip_net_info: { vip: '10.0.0.5' } }, 'Invalid port information: vip_net_info: must have'],
    [{ mtu: 65_536 }, 'Invalid port information: mtu: must be <= 65535'],
  ])('with %j is refused with the member and what was expected', (more, words) => {
    expect(said(() => parseNetworkPlug({ mac_address: mac, ...more }))).toContain(`invalid-input ${words}`);
  });
});
