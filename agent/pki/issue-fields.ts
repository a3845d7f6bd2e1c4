// What is decided about a certificate before node-forge writes it: dates, serial, alternative names. Pure but for
// the random serial. Sources: RFC 5280, 4.1.2.2 (serials), 4.1.2.5 (dates end with the year 9999), 4.2.1.6 (names).

import { randomBytes } from 'node:crypto';
import { invalidInput } from '../model/errors';
import { quote } from '../model/ids';
import { parseIp } from '../model/ip';

/** When a certificate is valid. `notBefore` and `notAfter` (dates or milliseconds since the epoch) overrule the rest. */
export interface Validity {
  /** Milliseconds since the epoch: the caller's clock. */
  readonly now: number;
  /** Whole days from `now`, 1 to 36,500. */
  readonly days: number;
  readonly notBefore?: Date | number;
  readonly notAfter?: Date | number;
}

/** One alternative name in node-forge's terms: type 2 is DNS, 7 an IP address. */
export type ForgeAltName =
  { readonly type: 2; readonly value: string } | { readonly type: 7; readonly ip: string };

const dayMs = 86_400_000;
// The machine that verifies may have a clock a little behind ours.
const backdateMs = 300_000;
const dnsPattern = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i;

/** Computes the dates of a certificate. Throws `invalid-input` when `days` is out of range. */
export function validityDates(validity: Validity): { readonly notBefore: Date; readonly notAfter: Date } {
  const { now, days } = validity;
  if (!Number.isInteger(days) || days < 1 || days > 36_500) {
    throw invalidInput('Invalid validity', `days: expected a whole number from 1 to 36500, got ${days}`);
  }
  return {
    notBefore: new Date(validity.notBefore ?? now - backdateMs),
    notAfter: new Date(validity.notAfter ?? now + days * dayMs),
  };
}

/** Draws a serial: 16 random bytes in hexadecimal, positive and without a leading zero byte. */
export function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('hex');
}

/** Sorts names into DNS names and IP addresses, doubles left out. Throws `invalid-input` naming one that is neither. */
export function forgeAltNames(names: readonly string[]): readonly ForgeAltName[] {
  return [...new Set(names)].map(forgeAltName);
}

function forgeAltName(name: string): ForgeAltName {
  const ip = parseIp(name);
  if (ip !== undefined && ip.zone === undefined) return { type: 7, ip: ip.text };
  const isNumeric = /^[\d.]+$/.test(name);
  if (isNumeric || name.length > 253 || !dnsPattern.test(name)) {
    throw invalidInput('Invalid name', `expected a DNS name or an IP address, got ${quote(name)}`);
  }
  return { type: 2, value: name };
}
