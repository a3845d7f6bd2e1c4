// Intermediate authorities that clients have shown: a resumed session brings the client's own certificate alone, and its
// chain must be walked all the same. Only those that a configured authority vouches for get in, so nobody can crowd them
// out but the authorities themselves. Source: RFC 5077 and OpenSSL's session format (the chain is not kept).

import type { X509Certificate } from 'node:crypto';

export interface Intermediates {
  all(): readonly X509Certificate[];
  /** Keeps authorities of a path that was proven. */
  remember(proven: readonly X509Certificate[]): void;
}

const mostRemembered = 64;

/** Makes the memory; it keeps those used last. */
export function createIntermediates(): Intermediates {
  const known = new Map<string, X509Certificate>();
  return {
    all: () => [...known.values()],
    remember(proven) {
      for (const certificate of proven) {
        known.delete(certificate.fingerprint256);
        known.set(certificate.fingerprint256, certificate);
      }
      for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - mostRemembered))) {
        known.delete(oldest);
      }
    },
  };
}
