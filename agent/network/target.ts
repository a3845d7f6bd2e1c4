// What the planner steers to: an interface as it is wanted, or as it was found before a change that has to be undone.

import { bitsOf, cidrText } from '../model/cidr';
import type { InterfaceAddress, WantedInterface, WantedRoute, WantedRule } from '../model/network';
import { vipInterface, vipTable } from '../model/network';
import { protocol, type ActualNetwork } from './actual';

export interface Target {
  readonly name: string;
  /** Undefined: any. */
  readonly mtu: number | undefined;
  readonly isUp: boolean;
  readonly addresses: readonly InterfaceAddress[];
  /** Neither given nor taken away. */
  readonly leftAlone: readonly InterfaceAddress[];
  readonly routes: readonly WantedRoute[];
  /** Undefined: the rules are not this interface's. */
  readonly rules: readonly WantedRule[] | undefined;
}

const mainTable = 254;
const foreignProtocols: readonly number[] = [
  protocol.kernel,
  protocol.routerAdvertisement,
  protocol.keepalived,
];

/** The target of a wanted interface that leaves `others` where they are. */
export function targetOf(wanted: WantedInterface, others: readonly InterfaceAddress[] = []): Target {
  const { name, mtu, addresses, movingAddresses, routes, rules } = wanted;
  return {
    name,
    mtu,
    isUp: true,
    addresses,
    leftAlone: [...movingAddresses, ...others],
    routes: firstOfEach(routes),
    rules: name === vipInterface ? rules : undefined,
  };
}

/**
 * The target that is an interface as it is now; undefined when there is none of this name. `isInside`: in the
 * namespace of the amphora, where rules belong to the interface of the VIPs.
 */
export function targetAsIs(actual: ActualNetwork, name: string, isInside: boolean): Target | undefined {
  const link = actual.interfaces.find((each) => each.name === name);
  if (link === undefined) return undefined;
  const addresses = link.addresses.filter(({ isForeign }) => !isForeign);
  const foreign = link.addresses.filter(({ isForeign }) => isForeign);
  return {
    name,
    mtu: link.mtu,
    isUp: link.isUp,
    addresses,
    leftAlone: foreign,
    routes: routesAsTheyAre(actual, name),
    rules: isInside && name === vipInterface ? rulesAsTheyAre(actual) : undefined,
  };
}

/** A target that does not know of these addresses: they are neither given nor taken away. */
export function without(target: Target, others: readonly InterfaceAddress[]): Target {
  const isOther = ({ ip }: InterfaceAddress): boolean => others.some((other) => other.ip.text === ip.text);
  const addresses = target.addresses.filter((address) => !isOther(address));
  return { ...target, addresses, leftAlone: [...target.leftAlone, ...others] };
}

/** The addresses of an interface that are none of `former`; none when whatever it carries is ours. */
export function othersThan(
  actual: ActualNetwork,
  name: string,
  former: readonly InterfaceAddress[] | undefined,
): readonly InterfaceAddress[] {
  const link = actual.interfaces.find((each) => each.name === name);
  if (link === undefined || former === undefined) return [];
  return link.addresses.filter(({ ip }) => !former.some((each) => each.ip.text === ip.text));
}

/** Tells whether a rule of the kernel's list is one that this room makes and may take away. */
export function isVipRule(rule: ActualNetwork['rules'][number]): boolean {
  const isOne = rule.from.prefix === bitsOf(rule.from.family);
  return rule.table === vipTable && isOne && !foreignProtocols.includes(rule.protocol);
}

function routesAsTheyAre(actual: ActualNetwork, name: string): readonly WantedRoute[] {
  return actual.routes.flatMap((route) => {
    const isKnown = route.table === mainTable || route.table === vipTable;
    if (route.device !== name || !isKnown || foreignProtocols.includes(route.protocol)) return [];
    const { destination, gateway, source, isOnLink, table } = route;
    return [
      {
        destination,
        isOnLink,
        table: table === vipTable ? vipTable : ('main' as const),
        ...(gateway === undefined ? {} : { gateway }),
        ...(source === undefined ? {} : { source }),
      },
    ];
  });
}

function rulesAsTheyAre(actual: ActualNetwork): readonly WantedRule[] {
  return actual.rules
    .filter(isVipRule)
    .map(({ from }) => ({ from: { family: from.family, text: from.network } }));
}

// A table has one route to a destination; of VIPs that share a subnet the first one's stands, as in Octavia's agent.
function firstOfEach(routes: readonly WantedRoute[]): readonly WantedRoute[] {
  const byPlace = new Map<string, WantedRoute>();
  for (const route of routes) {
    const place = `${route.table} ${cidrText(route.destination)}`;
    if (!byPlace.has(place)) byPlace.set(place, route);
  }
  return [...byPlace.values()];
}
