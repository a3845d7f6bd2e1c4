// Addresses with ports, as configuration files write them: `ip:port`, `[ip6]:port`, zones allowed. Bare IPv6
// with a port is read too, because Octavia's agent splits at the last colon (health_daemon.py).

import { parseIp } from '../model/ip';
import type { SocketAddress } from './option';

/** A value, perhaps with a remark for the operator. */
export interface Reading<Value> {
  readonly value: Value;
  readonly warning?: string;
}

const bracketed = /^\[([^[\]]*)\]:(\d{1,5})$/;
const plain = /^(.*):(\d{1,5})$/;

/** Parses an IP address, zone included, into its canonical text; undefined when it is none. */
export function readIp(text: string): string | undefined {
  const ip = parseIp(text);
  if (ip === undefined) return undefined;
  return ip.zone === undefined ? ip.text : `${ip.text}%${ip.zone}`;
}

/** Parses an address to listen on, port 0 included; IPv6 must be in brackets. */
export function readSocketAddress(text: string): SocketAddress | undefined {
  const inBrackets = bracketed.exec(text);
  const [, host = '', port = ''] = inBrackets ?? plain.exec(text) ?? [];
  return host.includes(':') === (inBrackets !== null) ? join(host, port, 0) : undefined;
}

/** Parses the addresses to send to, comma separated; undefined when one of them is none. */
export function readEndpoints(items: readonly string[]): Reading<readonly SocketAddress[]> | undefined {
  const value: SocketAddress[] = [];
  let isBare = false;
  for (const item of items) {
    const inBrackets = bracketed.exec(item);
    const [, host = '', port = ''] = inBrackets ?? plain.exec(item) ?? [];
    const endpoint = join(host, port, 1);
    if (endpoint === undefined || (inBrackets !== null && !host.includes(':'))) return undefined;
    isBare ||= inBrackets === null && host.includes(':');
    value.push(endpoint);
  }
  return isBare
    ? { value, warning: 'IPv6 without brackets: the part after the last colon is taken as the port' }
    : { value };
}

/** Writes an address as it stands in a file. */
export function formatSocketAddress({ address, port, zone }: SocketAddress): string {
  const host = zone === undefined ? address : `${address}%${zone}`;
  return address.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function join(host: string, portText: string, lowest: 0 | 1): SocketAddress | undefined {
  const ip = parseIp(host);
  const port = Number(portText);
  if (ip === undefined || portText === '' || port < lowest || port > 65_535) return undefined;
  return { address: ip.text, port, ...(ip.zone === undefined ? {} : { zone: ip.zone }) };
}
