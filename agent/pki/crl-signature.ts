// Which signatures of revocation lists are accepted, and whether one is an authority's. SHA-1 and MD5 are not: whoever
// can make two texts of one digest can exchange a list. Sources: RFC 3279, RFC 5758, RFC 8410 (object identifiers).

import { verify, type X509Certificate } from 'node:crypto';
import { invalidInput } from '../model/errors';
import { derCursor, derTag, type DerValue } from './der';
import { readObjectId } from './der-values';

export interface SignatureScheme {
  /** Node's name of the digest; undefined where the algorithm has its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | undefined;
  /** The types of keys that sign so. */
  readonly keyTypes: readonly string[];
}

const schemes: Readonly<Record<string, SignatureScheme>> = {
  '1.2.840.113549.1.1.11': { digest: 'sha256', keyTypes: ['rsa'] },
  '1.2.840.113549.1.1.12': { digest: 'sha384', keyTypes: ['rsa'] },
  '1.2.840.113549.1.1.13': { digest: 'sha512', keyTypes: ['rsa'] },
  '1.2.840.10045.4.3.2': { digest: 'sha256', keyTypes: ['ec'] },
  '1.2.840.10045.4.3.3': { digest: 'sha384', keyTypes: ['ec'] },
  '1.2.840.10045.4.3.4': { digest: 'sha512', keyTypes: ['ec'] },
  '1.3.101.112': { digest: undefined, keyTypes: ['ed25519'] },
  '1.3.101.113': { digest: undefined, keyTypes: ['ed448'] },
};

/** Reads an AlgorithmIdentifier. Throws `invalid-input` naming one that is not accepted. */
export function signatureScheme(algorithm: DerValue): SignatureScheme {
  const id = readObjectId(derCursor(algorithm.content).take(derTag.objectId, 'signature algorithm'));
  const scheme = schemes[id];
  if (scheme === undefined)
    throw invalidInput(
      'Revocation list cannot be used',
      `signature algorithm ${id}: expected RSA (PKCS #1 v1.5) or ECDSA with SHA-256, SHA-384 or SHA-512, or EdDSA`,
    );
  return scheme;
}

export interface SignedText {
  readonly scheme: SignatureScheme;
  readonly text: Buffer;
  readonly signature: Buffer;
}

/** Tells whether a text was signed with an authority's key. Never throws. */
export function isSignedBy({ scheme, text, signature }: SignedText, authority: X509Certificate): boolean {
  try {
    const key = authority.publicKey;
    if (!scheme.keyTypes.includes(key.asymmetricKeyType ?? '')) return false;
    return verify(scheme.digest ?? null, text, key, signature);
  } catch {
    // OpenSSL throws for signatures that it cannot even read: they are nobody's.
    return false;
  }
}
