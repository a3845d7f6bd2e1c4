// The haproxy sockets that an operator offers: `[name=]address`, comma separated. Names must be beyond doubt, since they
// stand in URLs; an address may be wrong, and then says why whenever it is used. Source: contract of the runtime API, 1.1.

import { parseIp } from './ip';

export type InstanceAddress =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'tcp4' | 'tcp6'; readonly host: string; readonly port: number };

/** Why an address is none; `isPort`: its port alone is wrong. */
export interface AddressFault {
  readonly said: string;
  readonly isPort: boolean;
}

export interface OfferedInstance {
  readonly name: string;
  readonly address: InstanceAddress | AddressFault;
}

/** The instances, or what makes their names ambiguous. */
export type OfferedInstances =
  | { readonly ok: true; readonly instances: readonly OfferedInstance[] }
  | { readonly ok: false; readonly problem: string };

export const defaultInstance = 'default';

/** Words that stand where an instance's name does. */
export const reservedInstanceNames: ReadonlySet<string> = new Set([
  'backends',
  'instances',
  'info',
  'stats',
  'health',
  'operations',
  'events',
]);

const namePattern = /^[A-Za-z0-9_.-]{1,64}$/;
const longestPathBytes = 107;
const beginsAddress = /^(?:\/|unix@|ipv4@|ipv6@)/;

/** Tells whether an address was read. */
export function isAddress(address: InstanceAddress | AddressFault): address is InstanceAddress {
  return 'type' in address;
}

/** Reads the entries of a list. */
export function readInstances(entries: readonly string[]): OfferedInstances {
  const given = entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
  const instances: OfferedInstance[] = [];
  for (const entry of given) {
    const { name, address } = splitEntry(entry);
    if (name === undefined && given.length > 1)
      return bad(entry, 'needs a name, as every one of several does');
    const called = name ?? defaultInstance;
    if (!namePattern.test(called))
      return bad(entry, 'the name is no word of letters, digits, "-", "_" and "."');
    if (reservedInstanceNames.has(called)) return bad(entry, `the name ${called} is a word of the paths`);
    if (instances.some((other) => other.name === called)) return bad(entry, `the name ${called} is taken`);
    instances.push({ name: called, address: readAddress(address) });
  }
  return { ok: true, instances };
}

/** Reads one address: `/path`, `unix@/path`, `ipv4@host:port` or `ipv6@[address]:port`. */
export function readAddress(text: string): InstanceAddress | AddressFault {
  if (text.startsWith('ipv4@')) return readIpv4(text);
  if (text.startsWith('ipv6@')) return readIpv6(text);
  const path = text.startsWith('unix@') ? text.slice('unix@'.length) : text;
  if (!path.startsWith('/') || /\p{Cc}/u.test(path)) {
    return fault(`Invalid address: ${text}. Expected: /path, ipv4@host:port or ipv6@[address]:port`);
  }
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > longestPathBytes) {
    return fault(`Socket path of ${bytes} bytes, at most ${longestPathBytes} fit: ${path}`);
  }
  return { type: 'unix', path };
}

function splitEntry(entry: string): { readonly name?: string; readonly address: string } {
  const at = entry.indexOf('=');
  if (at < 0 || beginsAddress.test(entry)) return { address: entry };
  return { name: entry.slice(0, at).trim(), address: entry.slice(at + 1).trim() };
}

function readIpv4(text: string): InstanceAddress | AddressFault {
  const [, host, port] = /^ipv4@([^:]*):(.*)$/.exec(text) ?? [];
  if (host === undefined || port === undefined || port === '' || !isHost(host)) {
    return fault(`Invalid IPv4 format: ${text}. Expected: ipv4@host:port`);
  }
  return withPort('tcp4', host, port);
}

function readIpv6(text: string): InstanceAddress | AddressFault {
  const [, inBrackets, bare, port = ''] = /^ipv6@(?:\[([^[\]]*)\]|(.*)):([^:]*)$/.exec(text) ?? [];
  const ip = parseIp(inBrackets ?? bare ?? '');
  if (ip?.family !== 6 || port === '') {
    return fault(`Invalid IPv6 format: ${text}. Expected: ipv6@[address]:port`);
  }
  return withPort('tcp6', ip.zone === undefined ? ip.text : `${ip.text}%${ip.zone}`, port);
}

function isHost(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return parseIp(host)?.family === 4;
  return host.length <= 253 && /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/.test(host);
}

// Node throws for a port above 65535 and tries to connect to port 0.
function withPort(type: 'tcp4' | 'tcp6', host: string, text: string): InstanceAddress | AddressFault {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) return { said: `Invalid port: ${text}`, isPort: true };
  return { type, host, port };
}

function fault(said: string): AddressFault {
  return { said, isPort: false };
}

function bad(entry: string, why: string): OfferedInstances {
  return { ok: false, problem: `${JSON.stringify(entry)}: ${why}` };
}
