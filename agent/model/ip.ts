// IP addresses as text: parsed once, compared and printed in one canonical form. Pure, because configuration,
// wire and trades all need it and only host/node may enter node:net. Sources: RFC 4291 (2.2), RFC 5952, RFC 4007 (11).

/** An address in canonical text, without its zone: lower case and shortest for IPv6, dotted quad for IPv4. */
export interface Ip {
  readonly family: 4 | 6;
  readonly text: string;
  /** The interface of a scoped IPv6 address: `eth0` of `fe80::1%eth0`. */
  readonly zone?: string;
}

const octetPattern = /^(?:0|[1-9]\d{0,2})$/;
const wordPattern = /^[0-9a-f]{1,4}$/i;
const zonePattern = /^[A-Za-z0-9_.-]{1,15}$/;
const mappedPrefix = '::ffff:';
// 45 characters of the longest IPv6 text, '%', 15 of an interface name.
const longest = 61;

/**
 * Parses an IPv4 or IPv6 address, the latter with an optional zone; undefined when it is neither. Octets with
 * leading zeros are refused, since some programs read them as octal. Brackets, ports and prefix lengths are not read.
 */
export function parseIp(text: string): Ip | undefined {
  if (text.length > longest) return undefined;
  if (!text.includes(':')) return parseV4(text);
  const percent = text.indexOf('%');
  const words = parseV6(percent < 0 ? text : text.slice(0, percent));
  if (words === undefined) return undefined;
  const address = formatV6(words);
  if (percent < 0) return { family: 6, text: address };
  const zone = text.slice(percent + 1);
  return isZone(zone) ? { family: 6, text: address, zone } : undefined;
}

/** Tells whether an address never leaves the machine: 127.0.0.0/8, also IPv4-mapped, and ::1. */
export function isLoopback(ip: Ip): boolean {
  const plain = unmapped(ip);
  return plain.family === 4 ? plain.text.startsWith('127.') : plain.text === '::1';
}

/** Tells whether two addresses are one: same family, same bits, same zone. Unmap both first to see through IPv4-mapped ones. */
export function sameIp(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.text === b.text && a.zone === b.zone;
}

/** The IPv4 address inside an IPv4-mapped one, as a dual-stack socket reports its peers; any other as it is. */
export function unmapped(ip: Ip): Ip {
  const isMapped = ip.family === 6 && ip.text.startsWith(mappedPrefix) && ip.text.includes('.');
  return isMapped ? { family: 4, text: ip.text.slice(mappedPrefix.length) } : ip;
}

function parseV4(text: string): Ip | undefined {
  return octetsOf(text) === undefined ? undefined : { family: 4, text };
}

function octetsOf(text: string): readonly [number, number, number, number] | undefined {
  const parts = text.split('.');
  const octets = parts.map((part) => (octetPattern.test(part) ? Number(part) : 256));
  const [a, b, c, d, extra] = octets;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  if (extra !== undefined || octets.some((octet) => octet > 255)) return undefined;
  return [a, b, c, d];
}

// The kernel refuses interfaces called '.' and '..' (dev_valid_name): a zone is later a path segment in /sys.
function isZone(zone: string): boolean {
  return zonePattern.test(zone) && zone !== '.' && zone !== '..';
}

function parseV6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  const [left = '', right] = halves;
  if (halves.length > 2) return undefined;
  if (right === undefined) {
    const words = wordsOf(left, true);
    return words?.length === 8 ? words : undefined;
  }
  const head = wordsOf(left, false);
  const tail = wordsOf(right, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
}

// Only the very end of an address may be written as a dotted quad (RFC 4291, 2.2, form 3).
function wordsOf(half: string, isEnd: boolean): readonly number[] | undefined {
  if (half === '') return [];
  const words: number[] = [];
  const parts = half.split(':');
  for (const [index, part] of parts.entries()) {
    if (wordPattern.test(part)) {
      words.push(Number.parseInt(part, 16));
      continue;
    }
    const octets = isEnd && index === parts.length - 1 ? octetsOf(part) : undefined;
    if (octets === undefined) return undefined;
    words.push(octets[0] * 256 + octets[1], octets[2] * 256 + octets[3]);
  }
  return words;
}

function formatV6(words: readonly number[]): string {
  const [high = 0, low = 0] = words.slice(6);
  const isMapped = words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0);
  if (isMapped) return `${mappedPrefix}${[high >> 8, high & 255, low >> 8, low & 255].join('.')}`;
  const hex = words.map((word) => word.toString(16));
  const run = longestZeroRun(words);
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

// The first of equally long runs is the one to shorten (RFC 5952, 4.2.3).
function longestZeroRun(words: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, word] of words.entries()) {
    length = word === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
