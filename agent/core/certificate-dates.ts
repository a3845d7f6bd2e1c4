// Until when the certificates and lists in force are good: the agent's own, and those that clients are judged by.

import type { ServerIdentity } from './server-certificate';

/** Milliseconds since the epoch. */
export interface CertificateDates {
  readonly serverFromMs: number;
  readonly serverUntilMs: number;
  /** The first CA certificate of clients to run out; undefined without any. */
  readonly clientCaUntilMs: number | undefined;
  /** The first revocation list to run out, of each issuer the newest; undefined when revocation is not asked for. */
  readonly clientCrlUntilMs: number | undefined;
}

/** Reads the dates off what is in force. */
export function certificateDates({
  validity,
  clientTrust,
}: Pick<ServerIdentity, 'validity' | 'clientTrust'>): CertificateDates {
  const newest = new Map<string, number>();
  for (const { issuer, nextUpdateMs } of clientTrust.lists ?? []) {
    newest.set(issuer, Math.max(nextUpdateMs, newest.get(issuer) ?? -Infinity));
  }
  return {
    serverFromMs: validity.notBefore,
    serverUntilMs: validity.notAfter,
    clientCaUntilMs: first(clientTrust.authorities.map(({ certificate }) => Date.parse(certificate.validTo))),
    clientCrlUntilMs: first([...newest.values()]),
  };
}

function first(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}
