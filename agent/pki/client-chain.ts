// The ways from a client's certificate up to a configured root. OpenSSL has walked one of them in the handshake; this
// walks them again when authorities change, and on resumed sessions, which bring no intermediates along.
// Source: RFC 5280, 6.1 (what OpenSSL alone checks: path length, name constraints, strength of keys).

import type { X509Certificate } from 'node:crypto';

/** Certificates from the client's to a root, each issued by the next, the last by itself. */
export type CertificatePath = readonly X509Certificate[];

const mostPaths = 4;
const longestPath = 8;
// A signature takes 0.1 ms, and a bundle may hold many authorities of one name.
const mostVerifications = 64;

/**
 * Finds the ways from `leaf` over `candidates` and `authorities` to a self-issued one of `authorities`, at most four.
 * Dates are not looked at.
 */
export function findPaths(
  leaf: X509Certificate,
  candidates: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): readonly CertificatePath[] {
  const trusted = new Set(authorities.map(({ fingerprint256 }) => fingerprint256));
  const above = uniqueOf([...authorities, ...candidates]).filter(({ ca }) => ca);
  const paths: CertificatePath[] = [];
  let verifications = 0;

  function issued(certificate: X509Certificate, by: X509Certificate): boolean {
    if (!certificate.checkIssued(by) || verifications >= mostVerifications) return false;
    verifications += 1;
    return isSignedWith(certificate, by);
  }

  function walk(path: CertificatePath): void {
    const top = path.at(-1);
    if (top === undefined || paths.length >= mostPaths) return;
    if (trusted.has(top.fingerprint256) && issued(top, top)) {
      paths.push(path);
      return;
    }
    if (path.length >= longestPath) return;
    for (const issuer of above) {
      const isOnPath = path.some(({ fingerprint256 }) => fingerprint256 === issuer.fingerprint256);
      if (!isOnPath && issued(top, issuer)) walk([...path, issuer]);
    }
  }

  walk([leaf]);
  return paths;
}

function uniqueOf(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate])).values()];
}

function isSignedWith(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that OpenSSL cannot use for it: not signed with it.
    return false;
  }
}
