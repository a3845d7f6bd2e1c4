// Reads DER, as far as revocation lists and certificates need it. Strict, so that no two readers can disagree on what
// was signed: definite lengths in their shortest form, one-byte tags, nothing left over. Source: ITU-T X.690, 8.1, 10.1.

import { invalidInput } from '../model/errors';

export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  enumerated: 0x0a,
  boolean: 0x01,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  /** The whole value, tag and length included. */
  readonly bytes: Buffer;
}

/** Walks through values that stand one after the other. Every method throws `invalid-input` on what is no DER. */
export interface DerCursor {
  /** The tag of the next value; undefined at the end. */
  readonly peek: () => number | undefined;
  /** Takes the next value, which must have this tag; `what` is for the message. */
  readonly take: (tag: number, what: string) => DerValue;
  /** Takes the next value if it has one of these tags. */
  readonly takeIf: (...tags: readonly number[]) => DerValue | undefined;
  /** Takes the next value, whatever it is. */
  readonly takeAny: (what: string) => DerValue;
  /** Throws unless everything was taken. */
  readonly finish: (what: string) => void;
}

const message = 'Not valid DER';
// Enough for 4 GiB, which is more than any file that is read.
const mostLengthBytes = 4;

/** Makes a cursor over `bytes`. */
export function derCursor(bytes: Buffer): DerCursor {
  let at = 0;
  const peek = (): number | undefined => bytes[at];
  function takeAny(what: string): DerValue {
    const value = valueAt(bytes, at, what);
    at += value.bytes.length;
    return value;
  }
  return {
    peek,
    takeAny,
    take(tag, what) {
      const found = peek();
      if (found !== tag) throw invalidInput(message, `${what}: expected tag ${hex(tag)}, got ${hex(found)}`);
      return takeAny(what);
    },
    takeIf(...tags) {
      const found = peek();
      return found !== undefined && tags.includes(found) ? takeAny(`value of tag ${hex(found)}`) : undefined;
    },
    finish(what) {
      if (at < bytes.length)
        throw invalidInput(message, `${what}: ${bytes.length - at} bytes more than expected`);
    },
  };
}

/** Reads one value that fills `bytes` and gives a cursor over its content. */
export function openDer(bytes: Buffer, tag: number, what: string): DerCursor {
  const outer = derCursor(bytes);
  const { content } = outer.take(tag, what);
  outer.finish(what);
  return derCursor(content);
}

function valueAt(bytes: Buffer, start: number, what: string): DerValue {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw invalidInput(message, `${what}: ends too early`);
  if ((tag & 0x1f) === 0x1f) throw invalidInput(message, `${what}: a tag of several bytes is not expected`);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const from = start + 2 + lengthBytes;
  const length = first < 0x80 ? first : longLength(bytes, start + 2, lengthBytes, what);
  if (from + length > bytes.length) throw invalidInput(message, `${what}: ends too early`);
  return { tag, content: bytes.subarray(from, from + length), bytes: bytes.subarray(start, from + length) };
}

function longLength(bytes: Buffer, at: number, count: number, what: string): number {
  // No bytes at all announce an indefinite length, which is BER and no DER.
  if (count === 0 || count > mostLengthBytes || at + count > bytes.length)
    throw invalidInput(message, `${what}: its length cannot be read`);
  const length = bytes.readUIntBE(at, count);
  const isShortest = length >= 0x80 && (count === 1 || length >= 2 ** (8 * (count - 1)));
  if (!isShortest) throw invalidInput(message, `${what}: its length is not in its shortest form`);
  return length;
}

function hex(tag: number | undefined): string {
  return tag === undefined ? 'the end' : `0x${tag.toString(16).padStart(2, '0')}`;
}
