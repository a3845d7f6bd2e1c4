// Until when the certificates and lists in force are good: the agent's own, and those that clients are judged by.

import { X509Certificate } from 'node:crypto';
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
export function certificateDates({ certificates, clientTrust }: ServerIdentity): CertificateDates {
  const server = new X509Certificate(certificates);
  const newest = new Map<string, number>();
  for (const { issuer, nextUpdateMs } of clientTrust.lists ?? []) {
    newest.set(issuer, Math.max(nextUpdateMs, newest.get(issuer) ?? -Infinity));
  }
  return {
    serverFromMs: Date.parse(server.validFrom),
    serverUntilMs: Date.parse(server.validTo),
    clientCaUntilMs: first(clientTrust.authorities.map(({ certificate }) => Date.parse(certificate.validTo))),
    clientCrlUntilMs: first([...newest.values()]),
  };
}

function first(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}
