// One interface file: the JSON of Octavia's agent (octavia/amphorae/backends/utils/interface_file.py), so that either
// agent finds an amphora again that the other one has left. Ours has no key that theirs does not know.

import { bitsOf, cidrText, parseCidr, subnetOf, type Cidr } from '../model/cidr';
import { parseIp, type Ip } from '../model/ip';
import type { InterfaceAddress, WantedInterface, WantedRoute, WantedRule } from '../model/network';
import { vipTable } from '../model/network';
import type { InterfaceView } from './render';

/** What was read of a file, and what of it was not understood, one sentence each. */
export interface ReadInterface {
  readonly wanted: WantedInterface;
  readonly problems: readonly string[];
}

type Entry = Readonly<Record<string, unknown>>;

/** What the template of an interface file shows. */
export function viewOf(wanted: WantedInterface): InterfaceView {
  const address = (isOwn: boolean) => (each: InterfaceAddress) => ({
    address: each.ip.text,
    prefix: each.prefix,
    isOwn,
  });
  return {
    name: wanted.name,
    mtu: wanted.mtu,
    addresses: [...wanted.addresses.map(address(true)), ...wanted.movingAddresses.map(address(false))],
    routes: wanted.routes.map(({ destination, gateway, source, table, isOnLink = false }) => ({
      destination: cidrText(destination),
      gateway: gateway?.text,
      isOnLink,
      isLink: gateway === undefined,
      source: source?.text,
      table: table === 'main' ? undefined : table,
    })),
    rules: wanted.rules.map(({ from }) => ({ from: from.text, length: bitsOf(from.family) })),
    masquerade: wanted.masquerade.map((family) => `ipv${family}`),
  };
}

/** Understands a file for the interface `name`, tolerantly: an entry that cannot be is left out and named. Undefined when it is no JSON object. */
export function readInterfaceFile(name: string, text: string): ReadInterface | undefined {
  const file = parseObject(text);
  if (file === undefined) return undefined;
  const problems: string[] = [];
  const each = <T>(key: string, read: (entry: Entry) => T | undefined): readonly T[] =>
    entriesOf(file[key]).flatMap((entry) => {
      const value = read(entry);
      if (value === undefined) problems.push(`${name}: not understood in ${key}: ${JSON.stringify(entry)}`);
      return value === undefined ? [] : [value];
    });
  const addresses = each('addresses', addressOf);
  const mtu = file['mtu'];
  return {
    wanted: {
      name,
      ...(typeof mtu === 'number' && Number.isInteger(mtu) ? { mtu } : {}),
      addresses: addresses.filter(({ isOwn }) => isOwn).map(({ address }) => address),
      movingAddresses: addresses.filter(({ isOwn }) => !isOwn).map(({ address }) => address),
      routes: each('routes', routeOf),
      rules: each('rules', ruleOf),
      masquerade: familiesOf(file['scripts']),
    },
    problems,
  };
}

// Entries for DHCP and for autoconfiguration have no address: neither is done here, so they are named as not understood.
function addressOf(entry: Entry): { address: InterfaceAddress; isOwn: boolean } | undefined {
  const ip = ipOf(entry, 'address');
  const prefix = entry['prefixlen'];
  if (ip === undefined || typeof prefix !== 'number') return undefined;
  return { address: { ip, prefix }, isOwn: entry['octavia_owned'] !== false };
}

function routeOf(entry: Entry): WantedRoute | undefined {
  const destination = netOf(entry['dst']);
  const [gateway, source] = [ipOf(entry, 'gateway'), ipOf(entry, 'prefsrc')];
  const isBroken = isUnread(entry['gateway'], gateway) || isUnread(entry['prefsrc'], source);
  if (destination === undefined || isBroken) return undefined;
  return {
    destination,
    table: entry['table'] === vipTable ? vipTable : 'main',
    isOnLink: Array.isArray(entry['flags']) && entry['flags'].includes('onlink'),
    // Only a tenant's host routes lead by a gateway to anything but everywhere.
    isOptional: gateway !== undefined && destination.prefix > 0,
    ...(gateway === undefined ? {} : { gateway }),
    ...(source === undefined ? {} : { source }),
  };
}

function ruleOf(entry: Entry): WantedRule | undefined {
  const from = ipOf(entry, 'src');
  if (from === undefined || entry['table'] !== vipTable) return undefined;
  return entry['src_len'] === bitsOf(from.family) ? { from } : undefined;
}

// The commands are read for their family and never run.
function familiesOf(scripts: unknown): readonly (4 | 6)[] {
  const commands = entriesOf(isEntry(scripts) ? scripts['up'] : undefined).map(({ command }) => command);
  const has = (word: string): boolean =>
    commands.some((command) => typeof command === 'string' && command.split(/\s+/).includes(word));
  return [...(has('ipv4') ? [4 as const] : []), ...(has('ipv6') ? [6 as const] : [])];
}

// Octavia's agent keeps host routes as the controller wrote them, bits behind the prefix included.
function netOf(value: unknown): Cidr | undefined {
  if (typeof value !== 'string') return undefined;
  const [address = '', length, ...more] = value.split('/');
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0) return undefined;
  const prefix = parseCidr(value)?.prefix ?? Number(length);
  const isLength = Number.isInteger(prefix) && prefix >= 0 && prefix <= bitsOf(ip.family);
  return isLength ? subnetOf(ip, prefix) : undefined;
}

function ipOf(entry: Entry, key: string): Ip | undefined {
  const value = entry[key];
  return typeof value === 'string' ? parseIp(value) : undefined;
}

function isUnread(value: unknown, read: Ip | undefined): boolean {
  return value !== undefined && value !== null && read === undefined;
}

function entriesOf(value: unknown): readonly Entry[] {
  return Array.isArray(value) ? value.filter(isEntry) : [];
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseObject(text: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isEntry(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
