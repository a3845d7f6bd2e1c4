// What the kernel must have for a port: addresses, routes, rules. Pure. In a pair the VIPs with their table and rules
// are keepalived's: they move. Source: contract/octavia-1.0.md "Plugging".

import { bitsOf, cidrText, everything, subnetOf } from '../model/cidr';
import { sameIp } from '../model/ip';
import { vipTable, type InterfaceAddress, type WantedInterface, type WantedRoute } from '../model/network';
import type { HostRoute, Port, PortAddress } from '../model/port';
import type { Topology } from '../model/topology';

/** Plans an interface for a port. Of several ways to one destination the first wins: the kernel has one. */
export function planInterface(name: string, port: Port, topology: Topology): WantedInterface {
  const moves = topology === 'ACTIVE-STANDBY';
  const { vips, vrrp, fixedIps } = port;
  const hosts = vips.map(({ ip }): InterfaceAddress => ({ ip, prefix: bitsOf(ip.family) }));
  const all = [...(vrrp === undefined ? [] : [vrrp]), ...hosts, ...fixedIps.map(bare)];
  // An address that moves is none of the interface's own, whatever else it was sent as.
  const own = all.filter(({ ip }) => !moves || !vips.some((vip) => sameIp(vip.ip, ip)));
  const defaults = vips.length === 0 ? [] : [...vips, ...fixedIps].flatMap(defaultRoute);
  return {
    name,
    ...(port.mtu === undefined ? {} : { mtu: port.mtu }),
    // IPv6 knows an address once, whatever its prefix.
    addresses: unique(own, ({ ip }) => ip.text),
    movingAddresses: moves ? hosts : [],
    routes: unique(
      [
        ...defaults,
        ...vips.map(subnetRoute),
        ...[...vips, ...fixedIps].flatMap(({ hostRoutes }) => hostRoutes.map(hostRoute)),
        ...(moves ? [] : vipRoutes(vips, defaults)),
      ],
      ({ table, destination }) => `${table} ${cidrText(destination)}`,
    ),
    rules: moves ? [] : vips.map(({ ip }) => ({ from: ip })),
    masquerade: familiesOf(port),
  };
}

/** Tells whether an interface was planned for a pair; undefined when it has no VIP, and is the same in every topology. */
export function isPlannedForPair({ movingAddresses, rules }: WantedInterface): boolean | undefined {
  if (movingAddresses.length > 0) return true;
  return rules.length > 0 ? false : undefined;
}

function vipRoutes(vips: readonly PortAddress[], defaults: readonly WantedRoute[]): readonly WantedRoute[] {
  return [
    ...defaults,
    ...vips.map((vip): WantedRoute => ({ ...subnetRoute(vip), source: vip.ip })),
    ...vips.flatMap(({ hostRoutes }) => hostRoutes.map(hostRoute)),
  ].map((route) => ({ ...route, table: vipTable }));
}

function bare({ ip, prefix }: PortAddress): InterfaceAddress {
  return { ip, prefix };
}

function defaultRoute({ ip, gateway }: PortAddress): readonly WantedRoute[] {
  if (gateway === undefined) return [];
  return [{ destination: everything(ip.family), gateway, isOnLink: true, table: 'main' }];
}

function subnetRoute({ ip, prefix }: PortAddress): WantedRoute {
  return { destination: subnetOf(ip, prefix), table: 'main' };
}

function hostRoute({ destination, nexthop }: HostRoute): WantedRoute {
  return { destination, gateway: nexthop, isOnLink: true, table: 'main', isOptional: true };
}

// Of a port without addresses either family may come to life.
function familiesOf({ vips, fixedIps }: Port): readonly (4 | 6)[] {
  const families = [...vips, ...fixedIps].map(({ ip }) => ip.family);
  return families.length === 0 ? [4, 6] : [...new Set(families)].sort();
}

function unique<T>(all: readonly T[], keyOf: (each: T) => string): readonly T[] {
  const seen = new Map<string, T>();
  for (const each of all) if (!seen.has(keyOf(each))) seen.set(keyOf(each), each);
  return [...seen.values()];
}
