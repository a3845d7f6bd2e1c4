// The fields of a certificate that are compared byte for byte with those of revocation lists; node:crypto prints them,
// and two names can print alike. Source: RFC 5280, 4.1.

import type { X509Certificate } from 'node:crypto';
import { derCursor, derTag, openDer } from './der';
import { readIntegerHex } from './der-values';

export interface RawFields {
  /** Hexadecimal of the number's two's complement. */
  readonly serial: string;
  /** Hexadecimal of the DER form. */
  readonly subject: string;
}

const explicitVersion = 0xa0;

/** Reads serial number and subject. Throws `invalid-input` for a certificate that is no strict DER. */
export function rawFieldsOf(certificate: X509Certificate): RawFields {
  const outer = openDer(certificate.raw, derTag.sequence, 'certificate');
  const fields = derCursor(outer.take(derTag.sequence, 'certificate').content);
  fields.takeIf(explicitVersion);
  const serial = readIntegerHex(fields.take(derTag.integer, 'serial number'), 'serial number');
  fields.take(derTag.sequence, 'signature algorithm');
  fields.take(derTag.sequence, 'issuer');
  fields.take(derTag.sequence, 'validity');
  const subject = fields.take(derTag.sequence, 'subject');
  return { serial, subject: subject.bytes.toString('hex') };
}
