// What the kernel must have for a port, as lines that a person would read, and the port read back from them.

import { describe, expect, it } from '@jest/globals';
import { parseNetworkPlug, parseVipPlug } from '../../../agent/core/plug-request';
import { isPlannedForPair, planInterface } from '../../../agent/core/port-plan';
import { portOfPlan } from '../../../agent/core/port-of-plan';
import { cidrText } from '../../../agent/model/cidr';
import type { InterfaceAddress, WantedInterface } from '../../../agent/model/network';

const mac_address = 'fa:16:3e:00:00:01';
const vip = (more: object = {}, ip = '10.0.0.5') =>
  parseVipPlug(ip, { subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1', mac_address, ...more }).port;
const full = {
  mtu: 1450,
  vrrp_ip: '10.0.0.9',
  host_routes: [{ destination: '192.0.2.0/24', nexthop: '10.0.0.254' }],
  additional_vips: [
    { ip_address: '10.0.0.6', subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1' },
    { ip_address: '2001:db8::5', subnet_cidr: '2001:db8::/64', gateway: '2001:db8::1' },
  ],
};

const shown = ({ ip, prefix }: InterfaceAddress): string => `${ip.text}/${prefix}`;

function lines(wanted: WantedInterface): readonly string[] {
  return [
    ...(wanted.mtu === undefined ? [] : [`mtu ${wanted.mtu}`]),
    ...wanted.addresses.map((each) => `address ${shown(each)}`),
    ...wanted.movingAddresses.map((each) => `moving ${shown(each)}`),
    ...wanted.routes.map(({ table, destination, gateway, isOnLink, source, isOptional }) =>
      [
        `${table}: ${cidrText(destination)}`,
        ...(gateway === undefined ? [] : [`via ${gateway.text}`]),
        ...(isOnLink === true ? ['onlink'] : []),
        ...(source === undefined ? [] : [`src ${source.text}`]),
        ...(isOptional === true ? ['(if it can be)'] : []),
      ].join(' '),
    ),
    ...wanted.rules.map(({ from }) => `from ${from.text} table 1`),
    `masquerade ${wanted.masquerade.join(' ')}`,
  ];
}

describe('the interface of a VIP', () => {
  it('alone: routed by its source through table 1', () => {
    expect(lines(planInterface('eth1', vip({ vrrp_ip: '10.0.0.9' }), 'SINGLE'))).toEqual([
      'address 10.0.0.9/24',
      'address 10.0.0.5/32',
      'main: 0.0.0.0/0 via 10.0.0.1 onlink',
      'main: 10.0.0.0/24',
      '1: 0.0.0.0/0 via 10.0.0.1 onlink',
      '1: 10.0.0.0/24 src 10.0.0.5',
      'from 10.0.0.5 table 1',
      'masquerade 4',
    ]);
  });

  it('with all that can be asked for: the first of several ways to one destination', () => {
    expect(lines(planInterface('eth1', vip(full), 'ACTIVE-ACTIVE'))).toEqual([
      'mtu 1450',
      'address 10.0.0.9/24',
      'address 10.0.0.5/32',
      'address 10.0.0.6/32',
      'address 2001:db8::5/128',
      'main: 0.0.0.0/0 via 10.0.0.1 onlink',
      'main: ::/0 via 2001:db8::1 onlink',
      'main: 10.0.0.0/24',
      'main: 2001:db8::/64',
      'main: 192.0.2.0/24 via 10.0.0.254 onlink (if it can be)',
      '1: 0.0.0.0/0 via 10.0.0.1 onlink',
      '1: ::/0 via 2001:db8::1 onlink',
      '1: 10.0.0.0/24 src 10.0.0.5',
      '1: 2001:db8::/64 src 2001:db8::5',
      '1: 192.0.2.0/24 via 10.0.0.254 onlink (if it can be)',
      'from 10.0.0.5 table 1',
      'from 10.0.0.6 table 1',
      'from 2001:db8::5 table 1',
      'masquerade 4 6',
    ]);
  });

  it('with its own address for a VIP, too: has that once, for IPv6 knows no address twice', () => {
    const { addresses } = planInterface('eth1', vip({ vrrp_ip: '10.0.0.5' }), 'SINGLE');
    expect(addresses.map(shown)).toEqual(['10.0.0.5/24']);
  });

  it('in a pair: VIPs, their table and their rules are left to keepalived', () => {
    expect(lines(planInterface('eth1', vip(full), 'ACTIVE-STANDBY'))).toEqual([
      'mtu 1450',
      'address 10.0.0.9/24',
      'moving 10.0.0.5/32',
      'moving 10.0.0.6/32',
      'moving 2001:db8::5/128',
      'main: 0.0.0.0/0 via 10.0.0.1 onlink',
      'main: ::/0 via 2001:db8::1 onlink',
      'main: 10.0.0.0/24',
      'main: 2001:db8::/64',
      'main: 192.0.2.0/24 via 10.0.0.254 onlink (if it can be)',
      'masquerade 4 6',
    ]);
  });

  it('without a gateway: no default route', () => {
    expect(lines(planInterface('eth1', vip({ gateway: null }), 'SINGLE'))).toEqual([
      'address 10.0.0.5/32',
      'main: 10.0.0.0/24',
      '1: 10.0.0.0/24 src 10.0.0.5',
      'from 10.0.0.5 table 1',
      'masquerade 4',
    ]);
  });

  it('with a member subnet on it: its addresses and ways too', () => {
    const vip_net_info = { vip: '10.0.0.5', subnet_cidr: '10.0.0.0/24', gateway: null, vrrp_ip: '10.0.0.9' };
    const fixed_ips = [{ ip_address: '10.7.0.5', subnet_cidr: '10.7.0.0/16', gateway: '10.7.0.1' }];
    const { port } = parseNetworkPlug({ mac_address, vip_net_info, fixed_ips });
    expect(lines(planInterface('eth1', port, 'SINGLE'))).toEqual([
      'address 10.0.0.9/24',
      'address 10.0.0.5/32',
      'address 10.7.0.5/16',
      'main: 0.0.0.0/0 via 10.7.0.1 onlink',
      'main: 10.0.0.0/24',
      '1: 0.0.0.0/0 via 10.7.0.1 onlink',
      '1: 10.0.0.0/24 src 10.0.0.5',
      'from 10.0.0.5 table 1',
      'masquerade 4',
    ]);
  });
});

describe('the interface of a member network', () => {
  it('has its addresses and host routes, and no default route', () => {
    const host_routes = [{ destination: '192.0.2.0/24', nexthop: '10.1.0.254' }];
    const fixed_ips = [
      { ip_address: '10.1.0.5', subnet_cidr: '10.1.0.0/16', gateway: '10.1.0.1', host_routes },
    ];
    const { port } = parseNetworkPlug({ mac_address, fixed_ips });
    expect(lines(planInterface('eth2', port, 'SINGLE'))).toEqual([
      'address 10.1.0.5/16',
      'main: 192.0.2.0/24 via 10.1.0.254 onlink (if it can be)',
      'masquerade 4',
    ]);
  });

  it('without addresses: only brought up', () => {
    expect(lines(planInterface('eth2', parseNetworkPlug({ mac_address }).port, 'SINGLE'))).toEqual([
      'masquerade 4 6',
    ]);
  });
});

describe('a port read back from its plan', () => {
  const info = { vip: '10.0.0.5', subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1', vrrp_ip: '10.0.0.9' };
  const members = [{ ip_address: '10.1.0.5', subnet_cidr: '10.1.0.0/16' }];
  const ports = {
    'a VIP': vip(),
    'VIPs of both families': vip(full),
    'a VIP with an own address': vip({ vrrp_ip: '10.0.0.9' }),
    'a VIP of a subnet of one address': vip({ subnet_cidr: '10.0.0.5/32' }),
    'a VIP with members on its port': parseNetworkPlug({
      mac_address,
      vip_net_info: info,
      fixed_ips: members,
    }).port,
    'a member network': parseNetworkPlug({
      mac_address,
      fixed_ips: [{ ...members[0], host_routes: [{ destination: '192.0.2.0/24', nexthop: '10.1.0.254' }] }],
    }).port,
    nothing: parseNetworkPlug({ mac_address }).port,
  };

  it.each(Object.entries(ports))('%s: has the same plans in every topology', (_what, port) => {
    for (const topology of ['SINGLE', 'ACTIVE-STANDBY'] as const) {
      const back = portOfPlan(planInterface('eth1', port, topology));
      for (const other of ['SINGLE', 'ACTIVE-STANDBY'] as const) {
        expect(lines(planInterface('eth1', back, other))).toEqual(lines(planInterface('eth1', port, other)));
      }
    }
  });

  it('tells for which topology its interface was planned', () => {
    expect(isPlannedForPair(planInterface('eth1', vip(), 'SINGLE'))).toBe(false);
    expect(isPlannedForPair(planInterface('eth1', vip(), 'ACTIVE-STANDBY'))).toBe(true);
    expect(isPlannedForPair(planInterface('eth2', ports['a member network'], 'SINGLE'))).toBeUndefined();
  });
});
