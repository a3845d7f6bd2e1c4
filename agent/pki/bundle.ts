// A TLS bundle as controllers push it: private key, certificate and chain in one PEM text, in any order. Checks
// and messages in the order of the v0.1 API, "Certificates". No message and no cause ever holds key material.

import { createPrivateKey, sign, verify } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { AgentError } from '../model/errors';
import { invalidInput } from '../model/errors';
import { certificatesIn } from './certificate-blocks';
import { extendedKeyUsageOf, isWithinDates, validityOf } from './inspect';
import type { PemBlock } from './pem';
import { splitPem } from './pem';

const keyTypes = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448'] as const;

/** Key algorithms that can authenticate a TLS server. */
export type KeyType = (typeof keyTypes)[number];

export interface Bundle {
  readonly key: KeyObject;
  /** The key as unencrypted PKCS#8 text: secret. */
  readonly keyPem: string;
  readonly keyType: KeyType;
  /** The certificate that the key matches, wherever it stood. */
  readonly certificate: X509Certificate;
  /** The other certificates, in their order. */
  readonly chain: readonly X509Certificate[];
  /** Whether the certificate stood before its chain: haproxy takes the first one for the key's. */
  readonly isLeafFirst: boolean;
}

// Parsing 100 takes 10 ms, and OpenSSL follows no longer chain.
const mostCertificates = 100;

/**
 * Reads a bundle of key, certificate and chain. Throws `invalid-input`, in this order: `No certificate found`,
 * `No RSA key found` (any `KeyType` is one; an encrypted key is none), `Certificate and key do not match` (also
 * when there are several keys: haproxy would take the first, and who sent it may have meant another).
 */
export function readBundle(pem: Uint8Array | string): Bundle {
  const blocks = splitPem(pem);
  const { certificates, fault } = certificatesIn(blocks, mostCertificates);
  if (fault !== undefined || certificates.length === 0) {
    throw invalidInput(
      'No certificate found',
      fault ?? 'expected at least one PEM block of kind CERTIFICATE',
    );
  }
  const { key, keyType } = readKey(blocks.filter(isPrivateKey));
  const leaf = certificates.findIndex((candidate) => candidate.checkPrivateKey(key));
  const certificate = certificates[leaf];
  if (certificate === undefined) {
    throw mismatch('the public key of no certificate in the bundle belongs to the private key');
  }
  if (!signsFor(key, keyType, certificate)) {
    throw mismatch('what the private key signs is not verified by the public key: the key is damaged');
  }
  return {
    key,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    keyType,
    certificate,
    chain: certificates.filter((_, index) => index !== leaf),
    isLeafFirst: leaf === 0,
  };
}

// What OpenSSL's default security level and TLS 1.2/1.3 clients accept of a server.
const fewestRsaBits = 2048;
const servingCurves: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const servingUsages: readonly string[] = ['serverAuth', 'anyExtendedKeyUsage', '2.5.29.37.0'];

/**
 * Checks that a bundle can serve TLS at `nowMs` (milliseconds since the epoch): with one that cannot, an agent would
 * lock its controller out for good. Throws `invalid-input` naming dates, key or usage.
 */
export function checkServerBundle(bundle: Bundle, nowMs: number): void {
  const extendedKeyUsage = extendedKeyUsageOf(bundle.certificate);
  const unfit = unfitKey(bundle);
  if (unfit !== undefined) throw invalidInput('Certificate cannot serve TLS', unfit);
  if (extendedKeyUsage?.some((usage) => servingUsages.includes(usage)) === false) {
    throw invalidInput('Certificate cannot serve TLS', 'extended key usage: expected serverAuth among them');
  }
  if (isWithinDates(bundle.certificate, nowMs)) return;
  const { validFrom, validTo } = bundle.certificate;
  const { notBefore, notAfter } = validityOf(bundle.certificate);
  throw invalidInput(
    'Certificate is expired or not yet valid',
    `valid from ${isoDate(notBefore, validFrom)} to ${isoDate(notAfter, validTo)}, now ${isoDate(nowMs, 'unknown')}`,
  );
}

function unfitKey({ key, keyType }: Bundle): string | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (keyType === 'ec' && !servingCurves.includes(namedCurve)) {
    return `key: expected the curve P-256, P-384 or P-521, got ${namedCurve ?? 'another'}`;
  }
  if (keyType.startsWith('rsa') && modulusLength < fewestRsaBits) {
    return `key: expected at least ${fewestRsaBits} bits of RSA, got ${modulusLength}`;
  }
  return undefined;
}

/** Writes the certificate and its chain as PEM text in the order that TLS sends them. */
export function certificateChainPem(bundle: Bundle): string {
  return [bundle.certificate, ...bundle.chain].map((certificate) => certificate.toString()).join('');
}

function isPrivateKey({ label }: PemBlock): boolean {
  return label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY');
}

function isEncrypted(block: PemBlock): boolean {
  return block.label === 'ENCRYPTED PRIVATE KEY' || block.hasEncryptionHeader;
}

function readKey(blocks: readonly PemBlock[]): { readonly key: KeyObject; readonly keyType: KeyType } {
  const clear = blocks.filter((block) => !isEncrypted(block));
  const [only] = clear;
  if (only === undefined) {
    throw noKey(
      blocks.length > 0
        ? 'the private key is encrypted; expected an unencrypted one'
        : 'expected a PEM block with an unencrypted RSA or EC private key',
    );
  }
  if (blocks.length > 1) {
    const encrypted = blocks.length - clear.length;
    throw mismatch(`expected one private key, got more: ${blocks.length}, ${encrypted} of them encrypted`);
  }
  return parseKey(only);
}

function parseKey(block: PemBlock): { readonly key: KeyObject; readonly keyType: KeyType } {
  const key = block.content === undefined ? undefined : createKey(block.label, block.content);
  if (key === undefined) {
    throw noKey(block.fault ?? `the private key on line ${block.line} cannot be read`);
  }
  const keyType = keyTypes.find((type) => type === key.asymmetricKeyType);
  if (keyType === undefined) {
    throw noKey(`a key of type ${key.asymmetricKeyType ?? 'unknown'} cannot serve TLS; expected RSA or EC`);
  }
  return { key, keyType };
}

// Rebuilt from its bytes, so that OpenSSL reads this block and nothing that stood around it.
function createKey(label: string, content: Buffer): KeyObject | undefined {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  try {
    return createPrivateKey([`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n'));
  } catch {
    // The cause is left behind on purpose: nothing that has seen the key's bytes goes into an error.
    return undefined;
  }
}

// checkPrivateKey() compares the public halves alone: a key whose secret half is damaged would pass, and no client
// would ever again come through a handshake.
function signsFor(key: KeyObject, keyType: KeyType, { publicKey }: X509Certificate): boolean {
  const digest = keyType.startsWith('ed') ? null : 'sha256';
  const data = Buffer.from('amphorad');
  try {
    return verify(digest, data, publicKey, sign(digest, data, key));
  } catch {
    return false;
  }
}

function isoDate(ms: number, otherwise: string): string {
  return Number.isNaN(ms) ? otherwise : new Date(ms).toISOString();
}

function noKey(detail: string): AgentError {
  return invalidInput('No RSA key found', detail);
}

function mismatch(detail: string): AgentError {
  return invalidInput('Certificate and key do not match', detail);
}
