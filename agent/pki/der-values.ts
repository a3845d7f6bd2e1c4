// What single DER values mean: integers, times, object identifiers, names.
// Sources: ITU-T X.690, 8.3, 8.19, 11.7, 11.8; RFC 5280, 4.1.2.4 (names), 4.1.2.5 (times).

import { invalidInput } from '../model/errors';
import { derCursor, derTag, type DerCursor, type DerValue } from './der';

/** Reads an INTEGER as hexadecimal of its two's complement, which is the same for the same number. */
export function readIntegerHex(value: DerValue, what: string): string {
  const [first, second] = value.content;
  if (first === undefined) throw invalidInput('Not valid DER', `${what}: an empty number`);
  const isPadded = second !== undefined && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80);
  if (isPadded) throw invalidInput('Not valid DER', `${what}: a number that is not in its shortest form`);
  return value.content.toString('hex');
}

/** Takes a UTCTime or GeneralizedTime in RFC 5280's form, in milliseconds since the epoch; undefined when none is next. */
export function takeTime(cursor: DerCursor, what: string): number | undefined {
  const value = cursor.takeIf(derTag.utcTime, derTag.generalizedTime);
  if (value === undefined) return undefined;
  const text = value.content.toString('latin1');
  const isUtc = value.tag === derTag.utcTime;
  const digits = (isUtc ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/).exec(text);
  const year = Number(digits?.[1]);
  const full = isUtc ? (year < 50 ? 2000 : 1900) + year : year;
  const [month = 0, day, hour, minute, second] = (digits?.[2]?.match(/\d\d/g) ?? []).map(Number);
  const ms = Date.UTC(full, month - 1, day, hour, minute, second);
  // Date.UTC takes the 31st of February for the 3rd of March.
  const isReal = digits !== null && new Date(ms).getUTCDate() === day && (hour ?? 24) < 24;
  if (!isReal || full < 1950 || month > 12 || (minute ?? 60) > 59 || (second ?? 60) > 59)
    throw invalidInput('Not valid DER', `${what}: expected a time in UTC with seconds`);
  return ms;
}

/** Reads an OBJECT IDENTIFIER as dotted numbers. */
export function readObjectId(value: DerValue): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128)
      throw invalidInput('Not valid DER', 'an object identifier with a number too long');
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [head = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(head / 40), 2);
  return [root, head - 40 * root, ...rest].join('.');
}

const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};
const longestNameText = 200;

/** Writes a distinguished name for people, on one line: `CN=a, O=b`. Never to be compared. */
export function nameText(name: DerValue): string {
  const parts: string[] = [];
  const sets = derCursor(name.content);
  while (sets.peek() !== undefined) {
    const attributes = derCursor(sets.take(derTag.set, 'name').content);
    while (attributes.peek() !== undefined) {
      const pair = derCursor(attributes.take(derTag.sequence, 'name').content);
      const type = readObjectId(pair.take(derTag.objectId, 'name'));
      const text = pair.takeAny('name').content.toString('utf8');
      pair.finish('name');
      parts.push(`${attributeNames[type] ?? type}=${text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')}`);
    }
  }
  return parts.join(', ').slice(0, longestNameText);
}
