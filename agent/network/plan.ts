// The planner: what the kernel has and what is wanted → the `ip` commands between them. Pure, and idempotent: planned
// over their outcome there is nothing left to do. Sources: ip-link(8), ip-address(8), ip-route(8), ip-rule(8).
//
// INVARIANTS:
// - what is new comes before what is old goes, so that an address or route that stays never falters;
// - only what this room makes is taken away: permanent addresses, routes of protocol static, rules of the VIPs' table;
//   never what the kernel, a router advertisement or a lease put there, nor keepalived's routes and rules. keepalived's
//   addresses bear no mark: the target names those that are left alone.

import { bitsOf, cidrText, subnetOf, type Cidr } from '../model/cidr';
import type { InterfaceAddress, WantedRoute, WantedRule } from '../model/network';
import { vipTable } from '../model/network';
import { protocol, type ActualInterface, type ActualNetwork, type ActualRoute } from './actual';
import { isVipRule, type Target } from './target';

export interface Step {
  /** What follows `ip -j [-n NAMESPACE]`. */
  readonly argv: readonly string[];
  /** Whether the rest is worth doing when the kernel refuses this one. */
  readonly isOptional: boolean;
  /** Whether it takes something away that may be gone by itself by then. */
  readonly isRemoval: boolean;
}

const mainTable = 254;

/** Plans the way from `actual` to `target`; undefined when the interface is not there. */
export function plan(actual: ActualNetwork, target: Target): readonly Step[] | undefined {
  const link = actual.interfaces.find(({ name }) => name === target.name);
  if (link === undefined) return undefined;
  const addresses = planAddresses(link, target);
  const routes = planRoutes(actual, target);
  return [
    ...planLink(link, target),
    ...addresses.additions,
    ...routes.additions,
    ...routes.removals,
    ...addresses.removals,
    ...(target.rules === undefined ? [] : planRules(actual, target.rules)),
  ];
}

/** Plans the rules of the VIPs alone: they belong to no interface and outlive the one they were made for. */
export function planRules(actual: ActualNetwork, wanted: readonly WantedRule[]): readonly Step[] {
  const ours = actual.rules.filter(isVipRule);
  const isThere = ({ from }: WantedRule): boolean => ours.some((rule) => rule.from.network === from.text);
  const isWanted = (network: string): boolean => wanted.some(({ from }) => from.text === network);
  const ofTable = ['table', String(vipTable), 'protocol'];
  const additions = wanted
    .filter((rule) => !isThere(rule))
    .map(({ from }) => step(['rule', 'add', 'from', host(from), ...ofTable, 'static'], from.family));
  // Without its protocol the kernel would take the first that matches: keepalived's, perhaps.
  const removals = ours
    .filter((rule) => !isWanted(rule.from.network))
    .map(({ from, protocol: by }) =>
      removal(['rule', 'del', 'from', cidrText(from), ...ofTable, String(by)], from.family),
    );
  return [...additions, ...removals];
}

function planLink(link: ActualInterface, { name, mtu, isUp }: Target): readonly Step[] {
  const isSize = mtu === undefined || mtu === link.mtu;
  const set = ['link', 'set', 'dev', name];
  return [
    ...(isSize ? [] : [step([...set, 'mtu', String(mtu)])]),
    ...(isUp === link.isUp ? [] : [step([...set, isUp ? 'up' : 'down'])]),
  ];
}

interface Changes {
  readonly additions: readonly Step[];
  readonly removals: readonly Step[];
}

function planAddresses(link: ActualInterface, { name, addresses, leftAlone }: Target): Changes {
  const hasSame = (list: readonly InterfaceAddress[], wanted: InterfaceAddress): boolean =>
    list.some(({ ip, prefix }) => ip.text === wanted.ip.text && prefix === wanted.prefix);
  const isLeft = ({ ip }: InterfaceAddress): boolean => leftAlone.some((left) => left.ip.text === ip.text);
  const unwanted = link.addresses.filter(
    (present) => !present.isForeign && !hasSame(addresses, present) && !isLeft(present),
  );
  return {
    // Duplicate address detection would leave an IPv6 address unusable for a second, and the controller knows whose it is.
    additions: addresses
      .filter((wanted) => !hasSame(link.addresses, wanted))
      .map(({ ip, prefix }) => {
        const nodad = ip.family === 6 ? ['nodad'] : [];
        return step(['addr', 'add', `${ip.text}/${prefix}`, 'dev', name, ...nodad]);
      }),
    removals: unwanted.map(({ ip, prefix }) => removal(['addr', 'del', `${ip.text}/${prefix}`, 'dev', name])),
  };
}

function planRoutes(actual: ActualNetwork, target: Target): Changes {
  const onDevice = actual.routes.filter(({ device }) => device === target.name);
  const ours = onDevice.filter((route) => route.protocol === protocol.static && isOurTable(route.table));
  const connected = onDevice.filter((route) => route.protocol === protocol.kernel);
  const wanted = target.routes.filter(
    (route) =>
      !isConnected(route, target) && !(isPlain(route) && connected.some((its) => isSamePlace(route, its))),
  );
  const additions = wanted
    .filter((route) => !onDevice.some((present) => isSameRoute(route, present)))
    .map((route) => {
      const verb = ours.some((present) => isSamePlace(route, present)) ? 'replace' : 'add';
      return routeStep(verb, route, target.name);
    });
  const removals = ours
    .filter((present) => !wanted.some((route) => isSamePlace(route, present)))
    .map(({ destination, table }) => {
      const of = ['dev', target.name, 'table', String(table), 'proto', 'static'];
      return removal(['route', 'del', cidrText(destination), ...of], destination.family);
    });
  return { additions, removals };
}

// The kernel itself adds the route to the subnet of an address.
function isConnected(route: WantedRoute, { addresses }: Target): boolean {
  if (!isPlain(route)) return false;
  return addresses.some(
    ({ ip, prefix }) => prefix < bitsOf(ip.family) && isSameNet(subnetOf(ip, prefix), route.destination),
  );
}

function isPlain({ gateway, source, table }: WantedRoute): boolean {
  return table === 'main' && gateway === undefined && source === undefined;
}

function isSameNet(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && cidrText(a) === cidrText(b);
}

function isSamePlace({ destination, table }: WantedRoute, present: ActualRoute): boolean {
  return isSameNet(destination, present.destination) && numberOf(table) === present.table;
}

function isSameRoute(route: WantedRoute, present: ActualRoute): boolean {
  const isSameWay =
    route.gateway?.text === present.gateway?.text && (route.isOnLink ?? false) === present.isOnLink;
  return isSamePlace(route, present) && isSameWay && route.source?.text === present.source?.text;
}

function routeStep(verb: 'add' | 'replace', route: WantedRoute, device: string): Step {
  const { destination, gateway, source, table, isOnLink = false, isOptional = false } = route;
  const scope = destination.family === 4 && gateway === undefined ? ['scope', 'link'] : [];
  const argv = [
    ...['route', verb, cidrText(destination)],
    ...(gateway === undefined ? [] : ['via', gateway.text]),
    ...['dev', device],
    ...(isOnLink && gateway !== undefined ? ['onlink'] : []),
    ...scope,
    ...(source === undefined ? [] : ['src', source.text]),
    ...['table', String(numberOf(table)), 'proto', 'static'],
  ];
  return { ...step(argv, destination.family), isOptional };
}

function numberOf(table: WantedRoute['table']): number {
  return table === 'main' ? mainTable : table;
}

function isOurTable(table: number): boolean {
  return table === mainTable || table === vipTable;
}

function host({ text, family }: WantedRule['from']): string {
  return `${text}/${bitsOf(family)}`;
}

// `default` is no word of ours, but a destination of ::/0 needs its family said.
function step(argv: readonly string[], family?: 4 | 6): Step {
  return {
    argv: family === undefined ? argv : [`-${family}`, ...argv],
    isOptional: false,
    isRemoval: false,
  };
}

function removal(argv: readonly string[], family?: 4 | 6): Step {
  return { ...step(argv, family), isRemoval: true };
}
