// Wanted interfaces → the lines that `ip` gets, over what a kernel may have.

import { describe, expect, it } from '@jest/globals';
import type { WantedInterface } from '../../../agent/model/network';
import {
  protocol,
  type ActualInterface,
  type ActualNetwork,
  type ActualRoute,
} from '../../../agent/network/actual';
import { plan } from '../../../agent/network/plan';
import { targetOf } from '../../../agent/network/target';
import { address, ip, net, wantedInterface } from './wanted';

const bare: ActualInterface = { name: 'eth1', mac: '', mtu: 1500, isUp: true, addresses: [] };
const own = (text: string) => ({ ...address(text), isForeign: false });
const foreign = (text: string) => ({ ...address(text), isForeign: true });
const route = (text: string, some: Partial<ActualRoute> = {}): ActualRoute => ({
  device: 'eth1',
  destination: net(text),
  gateway: undefined,
  source: undefined,
  table: 254,
  protocol: protocol.static,
  isOnLink: false,
  ...some,
});

interface Kernel extends Partial<ActualNetwork> {
  readonly link?: Partial<ActualInterface>;
}

function lines(
  { link = {}, routes = [], rules = [] }: Kernel,
  wanted: Partial<WantedInterface>,
): readonly string[] {
  const actual = { interfaces: [{ ...bare, ...link }], routes, rules };
  return (plan(actual, targetOf(wantedInterface(wanted))) ?? []).map(({ argv }) => argv.join(' '));
}

describe('the plan', () => {
  it.each<[string, Kernel, Partial<WantedInterface>, readonly string[]]>([
    [
      'nothing for what is so already',
      { link: { addresses: [own('10.0.0.4/24')] } },
      { addresses: [address('10.0.0.4/24')] },
      [],
    ],
    [
      'the MTU before coming up',
      { link: { isUp: false } },
      { mtu: 1450 },
      ['link set dev eth1 mtu 1450', 'link set dev eth1 up'],
    ],
    ['no MTU when none is wanted', { link: { mtu: 9000 } }, {}, []],
    [
      'a new address before the old one goes',
      { link: { addresses: [own('10.0.0.4/24')] } },
      { addresses: [address('10.0.0.5/24')] },
      ['addr add 10.0.0.5/24 dev eth1', 'addr del 10.0.0.4/24 dev eth1'],
    ],
    [
      'an address anew when its prefix differs',
      { link: { addresses: [own('10.0.0.4/25')] } },
      { addresses: [address('10.0.0.4/24')] },
      ['addr add 10.0.0.4/24 dev eth1', 'addr del 10.0.0.4/25 dev eth1'],
    ],
    [
      'IPv6 without waiting for duplicates',
      {},
      { addresses: [address('2001:db8::1/64')] },
      ['addr add 2001:db8::1/64 dev eth1 nodad'],
    ],
    [
      'nothing about addresses of the kernel, of leases and of keepalived',
      { link: { addresses: [foreign('fe80::1/64'), foreign('10.0.0.9/24')] } },
      {},
      [],
    ],
    [
      'nothing about a VIP that moves, there or not',
      { link: { addresses: [own('10.0.0.10/24')] } },
      { movingAddresses: [address('10.0.0.10/32'), address('10.0.0.11/32')] },
      [],
    ],
    [
      'no route to the subnet of an address',
      {},
      { addresses: [address('10.0.0.4/24')], routes: [{ destination: net('10.0.0.0/24'), table: 'main' }] },
      ['addr add 10.0.0.4/24 dev eth1'],
    ],
    [
      'a route to the subnet of a VIP that has no other address in it',
      {},
      { addresses: [address('10.0.0.10/32')], routes: [{ destination: net('10.0.0.0/24'), table: 'main' }] },
      [
        'addr add 10.0.0.10/32 dev eth1',
        '-4 route add 10.0.0.0/24 dev eth1 scope link table 254 proto static',
      ],
    ],
    [
      'an on-link gateway outside of every subnet',
      {},
      {
        routes: [{ destination: net('0.0.0.0/0'), gateway: ip('172.31.1.1'), isOnLink: true, table: 'main' }],
      },
      ['-4 route add 0.0.0.0/0 via 172.31.1.1 dev eth1 onlink table 254 proto static'],
    ],
    [
      'another gateway in place of the old one',
      { routes: [route('::/0', { gateway: ip('fe80::1'), isOnLink: true })] },
      { routes: [{ destination: net('::/0'), gateway: ip('fe80::2'), isOnLink: true, table: 'main' }] },
      ['-6 route replace ::/0 via fe80::2 dev eth1 onlink table 254 proto static'],
    ],
    [
      'routes of ours away that are not wanted, and none of others',
      {
        routes: [
          route('10.1.0.0/16'),
          route('10.2.0.0/16', { table: 1 }),
          route('10.3.0.0/16', { protocol: protocol.keepalived }),
          route('10.4.0.0/16', { protocol: protocol.kernel }),
          route('10.5.0.0/16', { device: 'eth2' }),
          route('10.6.0.0/16', { table: 7 }),
        ],
      },
      {},
      [
        '-4 route del 10.1.0.0/16 dev eth1 table 254 proto static',
        '-4 route del 10.2.0.0/16 dev eth1 table 1 proto static',
      ],
    ],
    [
      'the first of two VIPs that share a subnet',
      {},
      {
        routes: [
          { destination: net('10.0.0.0/24'), source: ip('10.0.0.10'), table: 1 },
          { destination: net('10.0.0.0/24'), source: ip('10.0.0.11'), table: 1 },
        ],
      },
      ['-4 route add 10.0.0.0/24 dev eth1 scope link src 10.0.0.10 table 1 proto static'],
    ],
    [
      'rules of ours, whoever else has the same',
      {
        rules: [
          { from: net('10.0.0.10/32'), table: 1, protocol: protocol.keepalived },
          { from: net('10.0.0.11/32'), table: 1, protocol: 3 },
          { from: net('10.0.0.0/24'), table: 1, protocol: 4 },
          { from: net('10.0.0.12/32'), table: 2, protocol: 4 },
        ],
      },
      { rules: [{ from: ip('10.0.0.10') }] },
      [
        '-4 rule add from 10.0.0.10/32 table 1 protocol static',
        '-4 rule del from 10.0.0.11/32 table 1 protocol 3',
      ],
    ],
    [
      'no rules for another interface than that of the VIPs',
      { link: { name: 'eth2' }, rules: [{ from: net('10.0.0.10/32'), table: 1, protocol: 4 }] },
      { name: 'eth2', rules: [] },
      [],
    ],
  ])('has %s', (_, kernel, wanted, expected) => {
    expect(lines(kernel, wanted)).toEqual(expected);
  });

  it('is none for an interface that is not there', () => {
    expect(plan({ interfaces: [], routes: [], rules: [] }, targetOf(wantedInterface()))).toBeUndefined();
  });
});
