// Reads what a certificate says of itself, RSA or EC, by node:crypto. Node prints names in OpenSSL's escaped
// form, one attribute a line, and quotes odd alternative names as JSON strings (its answer to CVE-2021-44532).

import type { X509Certificate } from 'node:crypto';
import { parseIp } from '../model/ip';

export interface CertificateDescription {
  /** Distinguished name on one line, OpenSSL's escapes kept: `CN=a, O=b\, c`. */
  readonly subject: string;
  /** The first CN of the subject, unescaped. */
  readonly commonName: string | undefined;
  readonly issuer: string;
  /** Hexadecimal, upper case. */
  readonly serial: string;
  /** Milliseconds since the epoch; NaN when the certificate's own date is unreadable. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Alternative names of type DNS, and of type IP in canonical text. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** `serverAuth`, `clientAuth` …, or the OID when we have no name; undefined when the certificate carries no list. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** SHA-256 over the DER form: upper-case pairs with colons. */
  readonly fingerprint256: string;
  /** basicConstraints CA, and a keyUsage that does not contradict it. */
  readonly isCa: boolean;
}

// RFC 5280, 4.2.1.12.
const usageNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
};

/** Describes a certificate. */
export function describeCertificate(certificate: X509Certificate): CertificateDescription {
  const names = alternativeNames(certificate.subjectAltName);
  return {
    subject: oneLine(certificate.subject),
    commonName: primaryCommonName(certificate),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber,
    ...validityOf(certificate),
    dnsNames: names.filter(({ type }) => type === 'DNS').map(({ value }) => value),
    ipAddresses: names
      .filter(({ type }) => type === 'IP Address')
      .flatMap(({ value }) => parseIp(value)?.text ?? []),
    extendedKeyUsage: extendedKeyUsageOf(certificate),
    fingerprint256: certificate.fingerprint256,
    isCa: certificate.ca,
  };
}

export interface ClientNames {
  /** Every CN, and alternative names of type email and URI: compared letter by letter. */
  readonly exact: readonly string[];
  /** Alternative names of type DNS, in lower case. */
  readonly dns: readonly string[];
  /** Alternative names of type IP, in canonical text. */
  readonly ip: readonly string[];
}

/** Lists the names by which an operator may mean a client's certificate. */
export function clientNamesOf(certificate: X509Certificate): ClientNames {
  const names = alternativeNames(certificate.subjectAltName);
  const { dnsNames, ipAddresses } = describeCertificate(certificate);
  const exact = names.filter(({ type }) => type === 'email' || type === 'URI').map(({ value }) => value);
  return {
    exact: [...commonNames(certificate), ...exact],
    dns: dnsNames.map((name) => name.toLowerCase()),
    ip: ipAddresses,
  };
}

/** Reads the first CN of the subject, as Octavia's cert_parser does; undefined when there is none. */
export function primaryCommonName(certificate: X509Certificate): string | undefined {
  return commonNames(certificate)[0];
}

function commonNames(certificate: X509Certificate): readonly string[] {
  const { subject } = certificate.toLegacyObject() as { readonly subject?: { readonly CN?: CommonNames } };
  const names = subject?.CN ?? [];
  return typeof names === 'string' ? [names] : names;
}

// One string, or an array when the subject repeats the attribute: @types/node knows the first form only.
type CommonNames = string | readonly string[];

/** Tells whether a moment (milliseconds since the epoch) lies within a certificate's dates; the last second is out, as for OpenSSL. */
export function isWithinDates(certificate: X509Certificate, nowMs: number): boolean {
  const { notBefore, notAfter } = validityOf(certificate);
  return notBefore <= nowMs && nowMs < notAfter;
}

/** Milliseconds since the epoch; NaN for a date that is unreadable. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads a certificate's dates. */
export function validityOf(certificate: X509Certificate): Validity {
  return { notBefore: Date.parse(certificate.validFrom), notAfter: Date.parse(certificate.validTo) };
}

function oneLine(name: string): string {
  return name.split('\n').join(', ');
}

/** Lists what a certificate may be used for, as its description does. */
export function extendedKeyUsageOf(certificate: X509Certificate): readonly string[] | undefined {
  return usagesOf(certificate.keyUsage);
}

// Node leaves keyUsage undefined without the extension, which @types/node does not say.
function usagesOf(oids: readonly string[] | undefined): readonly string[] | undefined {
  return oids?.map((oid) => usageNames[oid] ?? oid);
}

interface AlternativeName {
  readonly type: string;
  readonly value: string;
}

function alternativeNames(text: string | undefined): readonly AlternativeName[] {
  const entry = /([^:,"]+):((?:"(?:[^"\\]|\\.)*"|[^,"])*)(?:, |$)/gy;
  return [...(text ?? '').matchAll(entry)].map(([, type = '', value = '']) => ({
    type,
    value: value.startsWith('"') ? String(JSON.parse(value)) : value,
  }));
}
