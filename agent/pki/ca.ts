// The certificates that clients' certificates must chain to: agent_server_ca of agent.conf, one or more in a file.
// Read strictly, since a half-read list of authorities would let in or shut out the wrong clients.

import type { X509Certificate } from 'node:crypto';
import { invalidInput } from '../model/errors';
import { certificatesIn } from './certificate-blocks';
import { describeCertificate } from './inspect';
import { splitPem } from './pem';

// A distribution's whole store has about 150.
const mostAuthorities = 1000;
const message = 'No CA certificate found';

/**
 * Reads a PEM text of one or more CA certificates (basicConstraints CA:TRUE); text and other blocks between them are
 * passed over. Throws `invalid-input` naming what was expected, also when only some of them are unreadable or no CA.
 */
export function readCaBundle(pem: Uint8Array | string): readonly X509Certificate[] {
  const { certificates, fault } = certificatesIn(splitPem(pem), mostAuthorities);
  if (fault !== undefined) throw invalidInput(message, fault);
  if (certificates.length === 0) {
    throw invalidInput(message, 'expected one or more PEM blocks of kind CERTIFICATE');
  }
  for (const certificate of certificates) {
    const { isCa, subject } = describeCertificate(certificate);
    if (!isCa) {
      throw invalidInput(message, `expected only CA certificates (basicConstraints CA:TRUE), got ${subject}`);
    }
  }
  return certificates;
}
