// Subnets: an address with a prefix length. The bits behind the prefix are zero, as Octavia's own parser has it
// (Python's ipaddress, strict).

import { parseIp, type Ip } from './ip';

export interface Cidr {
  readonly family: 4 | 6;
  /** Canonical: lower case and shortest for IPv6. */
  readonly network: string;
  readonly prefix: number;
}

const shape = /^([0-9a-fA-F:.]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/;

/**
 * Parses `address/prefix`; a bare address is a subnet of its own. Undefined when it is neither, is IPv4-mapped or has
 * bits set behind the prefix.
 */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', length] = shape.exec(text) ?? [];
  const ip = parseIp(address);
  if (ip === undefined || isMapped(ip)) return undefined;
  const prefix = length === undefined ? bitsOf(ip.family) : Number(length);
  if (prefix > bitsOf(ip.family)) return undefined;
  const cidr = subnetOf(ip, prefix);
  return cidr.network === ip.text ? cidr : undefined;
}

/** The subnet of `prefix` bits that an address is in. */
export function subnetOf(ip: Ip, prefix: number): Cidr {
  const bits = toBits(ip);
  const behind = BigInt(bitsOf(ip.family) - prefix);
  return { family: ip.family, network: toText(ip.family, (bits >> behind) << behind), prefix };
}

/** Everything there is of one family: `0.0.0.0/0` or `::/0`. */
export function everything(family: 4 | 6): Cidr {
  return { family, network: family === 4 ? '0.0.0.0' : '::', prefix: 0 };
}

/** Tells whether an address is in a subnet. */
export function contains(cidr: Cidr, ip: Ip): boolean {
  return ip.family === cidr.family && subnetOf(ip, cidr.prefix).network === cidr.network;
}

/** `network/prefix`. */
export function cidrText(cidr: Cidr): string {
  return `${cidr.network}/${cidr.prefix}`;
}

/** Tells whether an IPv6 address is an IPv4 one in disguise: no interface ever carries such. */
export function isMapped(ip: Ip): boolean {
  return ip.family === 6 && toBits(ip) >> 32n === 0xffffn;
}

/** The bits of an address of a family. */
export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function toBits({ family, text }: Ip): bigint {
  if (family === 4) return join(text.split('.').map(Number), 8n);
  const [left = '', right = ''] = text.split('::');
  const head = words(left);
  const tail = words(right);
  const missing = Array<number>(8 - head.length - tail.length).fill(0);
  return join([...head, ...missing, ...tail], 16n);
}

// `::ffff:192.0.2.1` is the one canonical text that ends in a dotted quad (RFC 5952, 5).
function words(half: string): readonly number[] {
  if (half === '') return [];
  return half.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function join(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n);
}

function toText(family: 4 | 6, bits: bigint): string {
  const [width, count] = family === 4 ? [8n, 4] : [16n, 8];
  const parts = Array.from({ length: count }, (_, index) => {
    const shift = width * BigInt(count - 1 - index);
    return Number((bits >> shift) & ((1n << width) - 1n));
  });
  if (family === 4) return parts.join('.');
  const text = parts.map((part) => part.toString(16)).join(':');
  return parseIp(text)?.text ?? text;
}
