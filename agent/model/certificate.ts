// The name under which a certificate file is stored: parsed once into a branded string, safe as a path segment.
// Both amphora dialects have one rule: contract/amphora-v0.1.md "Certificates", contract/octavia-1.0.md.

import { invalidInput } from './errors';

declare const brand: unique symbol;
/** A file name such as `www.example.com.pem`. */
export type CertificateName = string & { readonly [brand]: 'CertificateName' };

// One character is one byte here. Longer names fit no file system of Linux (NAME_MAX).
const longestName = 255;
const namePattern = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.pem$/;

/** Tells whether `text` is a certificate's file name: letters, digits, `.`, `-`, `_`, no leading dot, ends in `.pem`, at most 255 bytes. */
export function isCertificateName(text: string): text is CertificateName {
  return text.length <= longestName && namePattern.test(text);
}

/** Parses a certificate's file name. Throws `invalid-input` in the contracts' words. */
export function parseCertificateName(text: string): CertificateName {
  if (!isCertificateName(text)) throw invalidInput('Filename has wrong format');
  return text;
}
