// What the kernel has now, from `ip -j`: interfaces with their addresses, routes of all tables, rules. Tables and
// protocols are read as numbers (`-N`), for /etc/iproute2/rt_* may name them anyhow. Sources: ip-address(8),
// ip-route(8), ip-rule(8), linux/rtnetlink.h (RTPROT_*).

import { bitsOf, everything, parseCidr, type Cidr } from '../model/cidr';
import { parseIp, type Ip } from '../model/ip';
import type { InterfaceAddress } from '../model/network';
import type { IpCommand, IpObject } from './ip';
import { isIpObject } from './ip';

/** RTPROT_*: who put a route or rule there. 0 is for rules of old tools. */
export const protocol = {
  unspecified: 0,
  kernel: 2,
  static: 4,
  routerAdvertisement: 9,
  keepalived: 18,
} as const;

export interface ActualAddress extends InterfaceAddress {
  /** Whether the kernel, a lease or a keepalived that marks its own (2.2.7 does not) put it there: such are never ours to take away. */
  readonly isForeign: boolean;
}

export interface ActualInterface {
  readonly name: string;
  /** Lower case, as the kernel writes it; '' without one. */
  readonly mac: string;
  readonly mtu: number;
  readonly isUp: boolean;
  readonly addresses: readonly ActualAddress[];
}

export interface ActualRoute {
  readonly device: string;
  readonly destination: Cidr;
  readonly gateway: Ip | undefined;
  readonly source: Ip | undefined;
  readonly table: number;
  readonly protocol: number;
  readonly isOnLink: boolean;
}

export interface ActualRule {
  readonly from: Cidr;
  readonly table: number;
  readonly protocol: number;
}

export interface ActualNetwork {
  readonly interfaces: readonly ActualInterface[];
  /** Unicast routes that leave by an interface. */
  readonly routes: readonly ActualRoute[];
  /** Rules that look at the source. */
  readonly rules: readonly ActualRule[];
}

const mainTable = 254;

/** Reads the whole network of the namespace of `command`. Throws `unavailable` or `timeout` when `ip` fails. */
export async function readActual(command: IpCommand): Promise<ActualNetwork> {
  const families = [4, 6] as const;
  const read = (what: readonly string[]): Promise<readonly (readonly IpObject[])[]> =>
    Promise.all(families.map((family) => command.run([`-${family}`, '-N', ...what])));
  const [interfaces, routes, rules] = await Promise.all([
    readInterfaces(command),
    read(['route', 'show', 'table', 'all']),
    read(['rule', 'show']),
  ]);
  return {
    interfaces,
    routes: families.flatMap((family, index) =>
      (routes[index] ?? []).flatMap((route) => routeOf(family, route)),
    ),
    rules: rules.flat().flatMap(ruleOf),
  };
}

/** Reads the interfaces with their addresses alone. */
export async function readInterfaces(command: IpCommand): Promise<readonly ActualInterface[]> {
  return (await command.run(['addr', 'show'])).flatMap(interfaceOf);
}

function interfaceOf(link: IpObject): readonly ActualInterface[] {
  const name = text(link, 'ifname');
  if (name === undefined) return [];
  const entries: unknown = link['addr_info'];
  return [
    {
      name,
      mac: text(link, 'address')?.toLowerCase() ?? '',
      mtu: number(link, 'mtu') ?? 0,
      isUp: words(link, 'flags').includes('UP'),
      addresses: Array.isArray(entries) ? entries.filter(isIpObject).flatMap(addressOf) : [],
    },
  ];
}

function addressOf(entry: IpObject): readonly ActualAddress[] {
  const ip = address(entry, 'local');
  const prefix = number(entry, 'prefixlen');
  if (ip === undefined || prefix === undefined) return [];
  const isLinkLocal = ip.family === 6 && text(entry, 'scope') === 'link';
  const isForeign = isLinkLocal || entry['dynamic'] === true || text(entry, 'protocol') === 'keepalived';
  return [{ ip, prefix, isForeign }];
}

function routeOf(family: 4 | 6, route: IpObject): readonly ActualRoute[] {
  const device = text(route, 'dev');
  const to = text(route, 'dst');
  const destination = to === 'default' ? everything(family) : parseCidr(to ?? '');
  const type = text(route, 'type') ?? '1';
  if (device === undefined || destination === undefined || type !== '1') return [];
  return [
    {
      device,
      destination,
      gateway: address(route, 'gateway'),
      source: address(route, 'prefsrc'),
      table: number(route, 'table') ?? mainTable,
      protocol: number(route, 'protocol') ?? protocol.unspecified,
      isOnLink: words(route, 'flags').includes('onlink'),
    },
  ];
}

function ruleOf(rule: IpObject): readonly ActualRule[] {
  const ip = address(rule, 'src');
  const table = number(rule, 'table');
  if (ip === undefined || table === undefined) return [];
  const from = parseCidr(`${ip.text}/${number(rule, 'srclen') ?? bitsOf(ip.family)}`);
  if (from === undefined) return [];
  return [{ from, table, protocol: number(rule, 'protocol') ?? protocol.unspecified }];
}

function text(object: IpObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

// With -N iproute2 prints numbers as JSON strings.
function number(object: IpObject, key: string): number | undefined {
  const value = object[key];
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}

function address(object: IpObject, key: string): Ip | undefined {
  const value = text(object, key);
  return value === undefined ? undefined : parseIp(value);
}

function words(object: IpObject, key: string): readonly unknown[] {
  const value: unknown = object[key];
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
