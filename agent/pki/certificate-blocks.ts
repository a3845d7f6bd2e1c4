// Picks the certificates out of split PEM text, by node:crypto alone: controllers push EC certificates, which
// node-forge cannot read, and its parsers are no place for a stranger's bytes.

import { X509Certificate } from 'node:crypto';
import type { PemBlock } from './pem';

// OpenSSL's three names; a trusted certificate carries trust settings behind the certificate, which are dropped.
const certificateLabels: readonly string[] = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];

export interface CertificatesFound {
  readonly certificates: readonly X509Certificate[];
  /** Why the first unreadable one is so, fit for an error message. When there, `certificates` is not the whole. */
  readonly fault: string | undefined;
}

/** Reads the certificates among PEM blocks, in order, at most `limit` of them: parsing takes about 0.1 ms each. */
export function certificatesIn(blocks: readonly PemBlock[], limit: number): CertificatesFound {
  const candidates = blocks.filter((block) => certificateLabels.includes(block.label));
  if (candidates.length > limit) {
    return { certificates: [], fault: `expected at most ${limit} certificates, got ${candidates.length}` };
  }
  const certificates: X509Certificate[] = [];
  for (const block of candidates) {
    const certificate = parseCertificate(block.content);
    if (certificate === undefined) {
      const where = `the PEM block that begins on line ${block.line}`;
      return { certificates, fault: block.fault ?? `${where} holds no X.509 certificate` };
    }
    certificates.push(certificate);
  }
  return { certificates, fault: undefined };
}

function parseCertificate(der: Buffer | undefined): X509Certificate | undefined {
  if (der === undefined) return undefined;
  try {
    return new X509Certificate(der);
  } catch {
    // OpenSSL's reason ("wrong tag") says less than the caller's line number.
    return undefined;
  }
}
