// Which connection goes when there are too many: the one whose loss costs least.
// Source: DESIGN "Server identity and connections".

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** A connection as it is weighed against others. */
export interface Standing {
  socket: TLSSocket | undefined;
  verified: boolean;
  /** Monotonic milliseconds since when it does what it does: opened, or idle. */
  sinceMs: number;
  /** The answers of requests that have begun. */
  readonly answers: Set<ServerResponse>;
  /** The last request, for as long as it is not answered. */
  receiving: Receiving | undefined;
}

/** A request, whose body may still be under way. */
export interface Receiving {
  readonly request: IncomingMessage;
  readonly answer: ServerResponse;
  /** When its last stretch of bytes was seen complete, and how many its connection had received then. */
  sinceMs: number;
  bytes: number;
}

const stretchBytes = 4_096;

/**
 * Picks the connection to close: with `unverifiedFirst` the oldest that never had a verified request; then the one
 * longest without a request; then the one whose body has made no progress for longest. Undefined when all are at work.
 */
export function pickVictim<S extends Standing>(
  among: readonly S[],
  nowMs: number,
  unverifiedFirst: boolean,
): S | undefined {
  const unverified = unverifiedFirst ? among.filter(({ verified }) => !verified) : [];
  return (
    oldest(unverified) ?? oldest(among.filter(({ answers }) => answers.size === 0)) ?? stalest(among, nowMs)
  );
}

/** Tells whether a connection's last request has not arrived whole. */
export function isUnderWay(receiving: Receiving | undefined): receiving is Receiving {
  return receiving !== undefined && !receiving.request.complete;
}

function oldest<S extends Standing>(among: readonly S[]): S | undefined {
  return least(among, ({ sinceMs }) => sinceMs);
}

// Bodies are looked at only here: whoever has received a stretch since the last look has just made progress.
function stalest<S extends Standing>(among: readonly S[], nowMs: number): S | undefined {
  const waiting = among.filter(({ answers, receiving }) => answers.size === 1 && isUnderWay(receiving));
  for (const { receiving, socket } of waiting) {
    const bytes = socket?.bytesRead ?? 0;
    if (receiving !== undefined && bytes - receiving.bytes >= stretchBytes) {
      receiving.bytes = bytes;
      receiving.sinceMs = nowMs;
    }
  }
  return least(waiting, ({ receiving }) => receiving?.sinceMs ?? nowMs);
}

function least<S>(among: readonly S[], valueOf: (one: S) => number): S | undefined {
  return among.reduce<S | undefined>(
    (found, one) => (found === undefined || valueOf(one) < valueOf(found) ? one : found),
    undefined,
  );
}
