// A health manager's ear: one UDP socket on loopback that takes heartbeats, verifies and decodes them and hands them to
// whoever waits, by amphora. Source: contract/heartbeat.md "Envelope".

import { randomBytes } from 'node:crypto';
import { unwrapEnvelope } from '../heartbeat/codec';
import type { Clock } from '../host/clock';
import type { Udp } from '../host/sockets';
import { messageOf } from '../model/errors';
import type { HealthManager, Heartbeat, Heartbeats } from './heartbeats';

interface Ear {
  readonly received: Heartbeat[];
  readonly listeners: Set<Listener>;
}

interface Listener {
  hear(heartbeat: Heartbeat): void;
  /** Nothing comes any more. */
  end(): void;
}

const mostKept = 1_000;
const defaultTimeoutMs = 10_000;
const loopback = '127.0.0.1';

/** Starts one on a free port, with a new key. */
export async function openHealthManager({ udp, clock }: { udp: Udp; clock: Clock }): Promise<HealthManager> {
  const key = randomBytes(24).toString('hex');
  const refused: string[] = [];
  const ears = new Map<string, Ear>();
  let closed: Promise<void> | undefined;
  const earOf = (amphoraId: string): Ear => {
    const known = ears.get(amphoraId);
    if (known !== undefined) return known;
    const made: Ear = { received: [], listeners: new Set() };
    ears.set(amphoraId, made);
    return made;
  };
  const socket = await udp.listen({ address: loopback, port: 0 }, (envelope) => {
    const heartbeat = decode(envelope, key, refused);
    if (heartbeat !== undefined) hear(earOf(heartbeat.id), heartbeat);
  });
  return {
    target: `${loopback}:${socket.port}`,
    key,
    refused,
    of: (amphoraId) => heartbeatsOf(earOf(amphoraId), clock, () => closed !== undefined),
    close() {
      closed ??= socket.close();
      for (const { listeners } of ears.values()) for (const listener of [...listeners]) listener.end();
      return closed;
    },
  };
}

function decode(envelope: Buffer, key: string, refused: string[]): Heartbeat | undefined {
  try {
    const message = unwrapEnvelope(envelope, key);
    if (isHeartbeat(message)) return message;
    refused.push('not a heartbeat of version 3');
  } catch (thrown) {
    refused.push(messageOf(thrown));
  }
  if (refused.length > mostKept) refused.shift();
  return undefined;
}

function isHeartbeat(message: unknown): message is Heartbeat {
  if (typeof message !== 'object' || message === null) return false;
  return 'id' in message && typeof message.id === 'string' && 'ver' in message && message.ver === 3;
}

function hear({ received, listeners }: Ear, heartbeat: Heartbeat): void {
  received.push(heartbeat);
  if (received.length > mostKept) received.shift();
  for (const listener of [...listeners]) listener.hear(heartbeat);
}

function heartbeatsOf(ear: Ear, clock: Clock, isClosed: () => boolean): Heartbeats {
  return {
    received: ear.received,
    next: async (fits = () => true, { timeoutMs = defaultTimeoutMs } = {}) => {
      if (isClosed()) throw new Error('the receiver of heartbeats is closed');
      const ended = new AbortController();
      try {
        return await Promise.race([nextOf(ear, fits, ended), late(ear, clock, timeoutMs, ended.signal)]);
      } finally {
        ended.abort();
      }
    },
    [Symbol.asyncIterator]: () => iterate(ear, isClosed()),
  };
}

function nextOf(
  { listeners }: Ear,
  fits: (heartbeat: Heartbeat) => boolean,
  ended: AbortController,
): Promise<Heartbeat> {
  return new Promise((resolve, reject) => {
    const listener: Listener = {
      hear(heartbeat) {
        try {
          if (fits(heartbeat)) resolve(heartbeat);
        } catch (thrown) {
          // What the test's own condition throws is the test's to see.
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        }
      },
      end: () => reject(new Error('the receiver of heartbeats was closed meanwhile')),
    };
    listeners.add(listener);
    ended.signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
  });
}

async function late({ received }: Ear, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<never> {
  const before = received.at(-1);
  try {
    await clock.sleep(timeoutMs, signal);
  } catch {
    // Nobody waits any more.
  }
  const last = received.at(-1);
  const told = last === undefined ? 'none came at all' : `the last one was ${JSON.stringify(last)}`;
  const still = last !== undefined && last === before ? ', which had come before' : '';
  throw new Error(`no heartbeat that fits within ${timeoutMs} ms: ${told}${still}`);
}

async function* iterate({ listeners }: Ear, isOver: boolean): AsyncGenerator<Heartbeat, void, undefined> {
  const waiting: Heartbeat[] = [];
  let isEnded = isOver;
  let wake = (): void => undefined;
  const listener: Listener = {
    hear(heartbeat) {
      waiting.push(heartbeat);
      wake();
    },
    end() {
      isEnded = true;
      wake();
    },
  };
  listeners.add(listener);
  try {
    for (;;) {
      const heartbeat = waiting.shift();
      if (heartbeat !== undefined) yield heartbeat;
      else if (isEnded) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    listeners.delete(listener);
  }
}
