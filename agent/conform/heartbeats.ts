// Receives the heartbeats of one amphora as a health manager does. Source: contract/heartbeat.md.

import { unwrapEnvelope } from '../heartbeat/codec';
import type { Clock } from '../host/clock';
import type { Udp, UdpAddress } from '../host/sockets';
import { isAgentError } from '../model/errors';
import { shapeOf, type Wanted } from './shape';

/** A heartbeat, and how far its `seq` is from that of the one before; undefined for the first. */
export interface Heard {
  readonly message: unknown;
  readonly seqStep: number | undefined;
}

export interface Heartbeats {
  /** Waits until a heartbeat that comes from now on fits, or the time is over: then tells what was wrong with the last. */
  wait(wanted: Wanted): Promise<{ readonly faults: readonly string[]; readonly got: string }>;
  close(): Promise<void>;
}

export interface HeartbeatDeps {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly key: string;
  /** How long one case waits, in milliseconds. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

const pollMs = 100;

/** Listens at an address. Throws `unavailable` when it cannot be bound. */
export async function receiveHeartbeats(at: UdpAddress, deps: HeartbeatDeps): Promise<Heartbeats> {
  const { udp, clock, key, patienceMs, signal } = deps;
  const heard: Heard[] = [];
  const odd: string[] = [];
  const listener = await udp.listen(at, (envelope) => {
    try {
      const message = unwrapEnvelope(envelope, key);
      heard.push({ message, seqStep: stepOf(heard.at(-1)?.message, message) });
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      odd.push(thrown.message);
    }
  });
  return {
    async wait(wanted) {
      const shape = shapeOf(wanted);
      const deadline = clock.monotonic() + patienceMs;
      let next = heard.length;
      let faults = ['no heartbeat came'];
      while (!signal.aborted) {
        for (; next < heard.length; next += 1) {
          faults = [...shape.faults(heard[next], 'heartbeat')];
          if (faults.length === 0) return { faults, got: gotOf(heard[next]) };
        }
        if (clock.monotonic() >= deadline) break;
        await clock.sleep(pollMs);
      }
      const last = heard.at(-1);
      return { faults: [...faults, ...odd.slice(-1)], got: last === undefined ? 'none' : gotOf(last) };
    },
    close: () => listener.close(),
  };
}

function stepOf(before: unknown, now: unknown): number | undefined {
  const [earlier, later] = [seqOf(before), seqOf(now)];
  return earlier === undefined || later === undefined ? undefined : later - earlier;
}

function seqOf(message: unknown): number | undefined {
  if (typeof message !== 'object' || message === null || !('seq' in message)) return undefined;
  return typeof message.seq === 'number' ? message.seq : undefined;
}

function gotOf(heard: Heard | undefined): string {
  return JSON.stringify(heard?.message);
}
