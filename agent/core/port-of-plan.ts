// The port behind a plan: interface files keep what the kernel must have, in Octavia's own form, and nothing keeps the
// request. So a file that the real agent left is as good as ours. Pure. Source: octavia's interface_file.py.

import { bitsOf, contains, subnetOf, type Cidr } from '../model/cidr';
import type { Ip } from '../model/ip';
import type { InterfaceAddress, WantedInterface, WantedRoute } from '../model/network';
import type { HostRoute, Port, PortAddress } from '../model/port';

/** Reads the port back from its plan, whatever the topology was that it was made for. */
export function portOfPlan(wanted: WantedInterface): Port {
  const { mtu, addresses, movingAddresses, rules } = wanted;
  const vipIps = [...rules.map(({ from }) => from), ...movingAddresses.map(({ ip }) => ip)];
  const isVip = ({ ip }: InterfaceAddress): boolean => vipIps.some((vip) => vip.text === ip.text);
  const own = addresses.filter((address) => !isVip(address));
  const vips = vipIps.map((ip) => addressOf(wanted, ip, subnetPrefixOf(wanted, own, ip)));
  const [first] = vips;
  const vrrp = first === undefined ? undefined : own.find(({ ip }) => contains(subnetAround(first), ip));
  return {
    ...(mtu === undefined ? {} : { mtu }),
    vips,
    ...(vrrp === undefined ? {} : { vrrp }),
    fixedIps: fixedIpsOf(
      wanted,
      own.filter((address) => address !== vrrp),
      vips,
    ),
  };
}

function fixedIpsOf(
  wanted: WantedInterface,
  own: readonly InterfaceAddress[],
  vips: readonly PortAddress[],
): readonly PortAddress[] {
  const isCovered = (family: 4 | 6): boolean => vips.some(({ ip }) => ip.family === family);
  // Ways of a family belong to its VIP; where there is none, to the first address of that family.
  const firsts = new Map<4 | 6, InterfaceAddress>();
  for (const each of own) if (!firsts.has(each.ip.family)) firsts.set(each.ip.family, each);
  return own.map(({ ip, prefix }) => {
    const hasWays = !isCovered(ip.family) && firsts.get(ip.family)?.ip.text === ip.text;
    return hasWays ? addressOf(wanted, ip, prefix) : { ip, prefix, hostRoutes: [] };
  });
}

function addressOf({ routes }: WantedInterface, ip: Ip, prefix: number): PortAddress {
  const main = routes.filter(
    ({ table, destination }) => table === 'main' && destination.family === ip.family,
  );
  const gateway = main.find(({ destination }) => destination.prefix === 0)?.gateway;
  const hostRoutes = main.filter(({ destination }) => destination.prefix > 0).flatMap(hostRouteOf);
  return { ip, prefix, ...(gateway === undefined ? {} : { gateway }), hostRoutes };
}

function hostRouteOf({ destination, gateway }: WantedRoute): readonly HostRoute[] {
  return gateway === undefined ? [] : [{ destination, nexthop: gateway }];
}

function subnetPrefixOf({ routes }: WantedInterface, own: readonly InterfaceAddress[], ip: Ip): number {
  const linked = routes.filter(
    ({ gateway, destination }) => gateway === undefined && contains(destination, ip),
  );
  const around = own.find((address) => contains(subnetAround(address), ip));
  return linked[0]?.destination.prefix ?? around?.prefix ?? bitsOf(ip.family);
}

function subnetAround({ ip, prefix }: InterfaceAddress): Cidr {
  return subnetOf(ip, prefix);
}
