// The envelope of a heartbeat: the JSON text, deflated with a zlib header, and its HMAC-SHA256 in 64 hex digits, over
// UDP. Ancient senders append the 32 raw bytes. Source: contract/heartbeat.md "Envelope".

import { createHmac, timingSafeEqual } from 'node:crypto';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { AgentError } from '../model/errors';

/** The most that an IPv4 datagram holds. */
export const longestDatagramBytes = 65_507;

const hexBytes = 64;
const rawBytes = 32;
// A message that fits a datagram inflates to some 300 kB.
const longestTextBytes = 16 * 1024 * 1024;

export type Level = 1 | 9;

// The bulk are random ids, in which a match of a few digits takes more than the digits: not to look for those makes
// level 9 5 % smaller. One chunk, so that nothing is put together again.
const packing = { strategy: constants.Z_FILTERED, chunkSize: 96 * 1024 } as const;

/** Wraps a text. */
export function wrapEnvelope(text: string, key: string, level: Level): Buffer {
  const payload = deflateSync(text, { ...packing, level });
  const mac = createHmac('sha256', key).update(payload).digest('hex');
  return Buffer.concat([payload, Buffer.from(mac, 'ascii')]);
}

/** Verifies and unwraps an envelope. Throws `unauthorized` when it was not made with this key, `invalid-input` for what is none. */
export function unwrapEnvelope(envelope: Buffer, key: string): unknown {
  const payload = verified(envelope, key);
  let text: string;
  try {
    text = inflateSync(payload, { maxOutputLength: longestTextBytes }).toString('utf8');
  } catch (cause) {
    throw new AgentError('invalid-input', 'the payload does not inflate', { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AgentError('invalid-input', 'the payload is not JSON', { cause });
  }
}

function verified(envelope: Buffer, key: string): Buffer {
  if (envelope.length <= rawBytes) {
    throw new AgentError('invalid-input', `${envelope.length} bytes are too short for a heartbeat`);
  }
  for (const bytes of [hexBytes, rawBytes]) {
    if (envelope.length <= bytes) continue;
    const payload = envelope.subarray(0, -bytes);
    const mac = createHmac('sha256', key).update(payload);
    const expected = bytes === hexBytes ? Buffer.from(mac.digest('hex'), 'ascii') : mac.digest();
    if (timingSafeEqual(expected, envelope.subarray(-bytes))) return payload;
  }
  throw new AgentError('unauthorized', 'the MAC is of another key, or the datagram was changed on its way');
}
