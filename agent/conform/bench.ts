// The bench on which cases are tried: it sends what they ask, and remembers which of our ids a change was sent for.

import type { HttpsAnswer, HttpsClient, HttpsEnd, HttpsIdentity, HttpsTarget } from '../host/https';
import type { Ask, Client } from './case';

export type Outcome = HttpsAnswer | HttpsEnd;

export interface BenchDeps {
  readonly https: HttpsClient;
  readonly target: HttpsTarget;
  readonly clients: ReadonlyMap<Client, HttpsIdentity | undefined>;
}

export interface Bench {
  /** Sends a request. Throws `unavailable`, `unauthorized` and `timeout` as the seam does. */
  send(asked: Ask): Promise<Outcome>;
  /** Whether anything but a read was sent to a path that names this id. */
  hasTouched(id: string): boolean;
}

// As long as a controller waits for an answer.
const answerDeadlineMs = 60_000;
export const readingMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Makes a bench. */
export function createBench({ https, target, clients }: BenchDeps): Bench {
  const changed: string[] = [];
  return {
    send: ({ as = 'controller', ...request }) => {
      if (!readingMethods.includes(request.method)) changed.push(request.path);
      return https.request(target, {
        ...request,
        identity: clients.get(as),
        timeoutMs: answerDeadlineMs,
      });
    },
    hasTouched: (id) => changed.some((path) => path.includes(id)),
  };
}
