// An address and port that a listener takes, and when two of them cannot both be had. Linux lets two processes
// of one user share a port silently (SO_REUSEPORT), so the agent has to know by itself.

import { parseIp } from './ip';

export interface Bind {
  readonly transport: 'tcp' | 'udp';
  /** Canonical IP, `*` for all of IPv4, `::` for all of IPv6 (and IPv4 unless `v6only`), or a host name as written. */
  readonly address: string;
  readonly port: number;
  /** True: a `::` that leaves IPv4 alone. */
  readonly v6only: boolean;
  /** True: the kernel is asked to allow an address that is not on this machine. */
  readonly transparent: boolean;
  /** Line of the configuration, from 1. */
  readonly line: number;
}

/** What of a bind can collide. */
export type Claim = Pick<Bind, 'transport' | 'address' | 'port' | 'v6only'>;

/** Tells whether two binds want the same port of an address that they share, wildcards included. */
export function bindsCollide(a: Claim, b: Claim): boolean {
  return a.transport === b.transport && a.port === b.port && (covers(a, b) || covers(b, a));
}

function covers(wide: Claim, narrow: Claim): boolean {
  if (wide.address === narrow.address) return true;
  const family = familyOf(narrow);
  if (wide.address === '*') return family === 4 || (narrow.address === '::' && !narrow.v6only);
  if (wide.address === '::') return family === 6 || !wide.v6only;
  return false;
}

function familyOf({ address }: Claim): 4 | 6 | undefined {
  if (address === '*') return 4;
  return parseIp(address)?.family;
}

/** Groups by port. A range holds up to 65,535 of them, so two lists must not be compared each with each. */
export function byPort<T extends Pick<Bind, 'port'>>(all: readonly T[]): ReadonlyMap<number, readonly T[]> {
  const found = new Map<number, T[]>();
  for (const each of all) {
    const there = found.get(each.port);
    if (there === undefined) found.set(each.port, [each]);
    else there.push(each);
  }
  return found;
}

/** Shows a bind as haproxy writes it: `192.0.2.1:80`, `[2001:db8::1]:80`, `*:80`. */
export function formatBind({ address, port }: Pick<Bind, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
