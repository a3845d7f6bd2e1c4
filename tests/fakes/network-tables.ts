// The tables of one network namespace of the scripted network: how iproute2 6.1 prints them as JSON, and how tests read them.

export interface FakeLink {
  name: string;
  mac: string;
  mtu: number;
  isUp: boolean;
  /** `ADDRESS/PREFIX` each. */
  addresses: string[];
}

export interface FakeRoute {
  readonly family: '4' | '6';
  readonly destination: string;
  readonly device: string;
  readonly table: string;
  readonly protocol: string;
  readonly gateway: string | undefined;
  readonly source: string | undefined;
  readonly isOnLink: boolean;
}

export interface FakeRule {
  readonly family: '4' | '6';
  readonly from: string;
  readonly table: string;
  readonly protocol: string;
}

export interface FakeNamespace {
  readonly links: FakeLink[];
  routes: FakeRoute[];
  rules: FakeRule[];
  /** `FAMILY NAME` of each nft table, with the text that made it. */
  readonly tables: Map<string, string>;
}

/** A namespace with a loopback interface that is down. */
export function newNamespace(): FakeNamespace {
  const lo = { name: 'lo', mac: '00:00:00:00:00:00', mtu: 65_536, isUp: false, addresses: [] };
  return { links: [lo], routes: [], rules: [], tables: new Map() };
}

/** What `ip -j … show` prints of one kind. */
export function listTable(
  { links, routes, rules }: FakeNamespace,
  what: string,
  family: '4' | '6',
): readonly unknown[] {
  if (what === 'addr') return links.map(linkJson);
  if (what === 'route') return routes.filter((route) => route.family === family).map(routeJson);
  return rules
    .filter((rule) => rule.family === family)
    .map(({ from, table, protocol }) => ({ priority: 32_765, src: from.split('/')[0], table, protocol }));
}

function linkJson({ name, mac, mtu, isUp, addresses }: FakeLink): unknown {
  const entries = addresses.map((address) => {
    const [local, prefix] = address.split('/');
    return { local, prefixlen: Number(prefix), scope: 'global' };
  });
  return { ifname: name, address: mac, mtu, flags: isUp ? ['UP'] : [], addr_info: entries };
}

function routeJson({ destination, device, table, protocol, gateway, source, isOnLink }: FakeRoute): unknown {
  return {
    dst: /^(0\.0\.0\.0|::)\/0$/.test(destination) ? 'default' : destination,
    dev: device,
    protocol,
    flags: isOnLink ? ['onlink'] : [],
    ...(table === '254' ? {} : { table }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(source === undefined ? {} : { prefsrc: source }),
  };
}

/** One line each: links, routes, rules, nft tables. */
export function showNamespace({ links, routes, rules, tables }: FakeNamespace): readonly string[] {
  return [
    ...links.map(({ name, mtu, isUp, addresses }) =>
      [name, `mtu ${mtu}`, isUp ? 'up' : 'down', ...addresses].join(' '),
    ),
    ...routes.map(({ destination, device, table, gateway, source }) => {
      const way = gateway === undefined ? '' : ` via ${gateway}`;
      const from = source === undefined ? '' : ` src ${source}`;
      return `route ${destination}${way} dev ${device}${from}${table === '254' ? '' : ` table ${table}`}`;
    }),
    ...rules.map(({ from, table }) => `rule from ${from} table ${table}`),
    ...[...tables.keys()].map((name) => `nft ${name}`),
  ];
}
