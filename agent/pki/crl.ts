// Certificate revocation lists, v1 and v2, from PEM: node:crypto has no class for them, and node-forge may not see what
// comes from outside. OpenSSL gets the same lists beside this. Source: RFC 5280, 5.1.

import type { X509Certificate } from 'node:crypto';
import { AgentError, invalidInput, isAgentError } from '../model/errors';
import { checkEntryExtensions, checkListExtensions, unwrapExtensions } from './crl-extensions';
import { isSignedBy, signatureScheme, type SignedText } from './crl-signature';
import { derCursor, derTag, openDer, type DerCursor, type DerValue } from './der';
import { nameText, readIntegerHex, takeTime } from './der-values';
import { splitPem } from './pem';

/** One list. That it is its issuer's is known only once `isIssuedBy` said so. */
export interface RevocationList {
  /** The issuer's name: hexadecimal of its DER form, for comparison. */
  readonly issuer: string;
  /** The issuer's name for people. */
  readonly issuerText: string;
  /** Milliseconds since the epoch. */
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  /** Serial numbers as `certificateSerial` writes them. */
  readonly revoked: ReadonlySet<string>;
  readonly pem: string;
  readonly signed: SignedText;
}

const message = 'No revocation list found';
const label = 'X509 CRL';
const mostLists = 100;
// About 400,000 entries; a file that is longer is no list of the clients of an amphora.
const mostBytes = 16 * 1024 * 1024;
const explicitExtensions = 0xa0;
const secondVersion = '01';

/**
 * Reads a PEM text of one or more revocation lists; text and other blocks between them are passed over. Throws
 * `invalid-input`, also when only one of them cannot be used: a list left out would let its revoked certificates in.
 */
export function readRevocationLists(pem: string): readonly RevocationList[] {
  if (pem.length > 2 * mostBytes) throw invalidInput(message, `expected at most ${2 * mostBytes} bytes`);
  const blocks = splitPem(pem).filter((block) => block.label === label);
  if (blocks.length === 0) throw invalidInput(message, `expected one or more PEM blocks of kind ${label}`);
  if (blocks.length > mostLists)
    throw invalidInput(message, `expected at most ${mostLists} lists, got ${blocks.length}`);
  return blocks.map(({ content, fault, line }) => {
    if (content === undefined)
      throw invalidInput(message, fault ?? `the block on line ${line} cannot be read`);
    try {
      return readRevocationList(content);
    } catch (cause) {
      if (!isAgentError(cause, 'invalid-input')) throw cause;
      const detail = `the list on line ${line}: ${cause.detail ?? cause.message}`;
      throw new AgentError('invalid-input', 'Revocation list cannot be used', { detail, cause });
    }
  });
}

/** Reads one revocation list in DER. Throws `invalid-input` with what is wrong. */
export function readRevocationList(der: Buffer): RevocationList {
  if (der.length > mostBytes) throw invalidInput(message, `expected at most ${mostBytes} bytes`);
  const outer = openDer(der, derTag.sequence, 'list');
  const signedPart = outer.take(derTag.sequence, 'signed part');
  const algorithm = outer.take(derTag.sequence, 'signature algorithm');
  const signature = outer.take(derTag.bitString, 'signature');
  outer.finish('list');
  if (signature.content[0] !== 0) throw invalidInput(message, 'signature: expected whole bytes');
  const read = readSignedPart(derCursor(signedPart.content), algorithm);
  return {
    ...read,
    pem: pemOf(der),
    signed: {
      scheme: signatureScheme(algorithm),
      text: signedPart.bytes,
      signature: signature.content.subarray(1),
    },
  };
}

/** Tells whether a list is an authority's own: same name, and signed with its key. Never throws. */
export function isIssuedBy(
  list: RevocationList,
  authority: { readonly certificate: X509Certificate; readonly subject: string },
): boolean {
  return list.issuer === authority.subject && isSignedBy(list.signed, authority.certificate);
}

type SignedFields = Omit<RevocationList, 'pem' | 'signed'>;

function readSignedPart(fields: DerCursor, outerAlgorithm: DerValue): SignedFields {
  const version = fields.takeIf(derTag.integer);
  if (version !== undefined && readIntegerHex(version, 'version') !== secondVersion)
    throw invalidInput(message, 'version: expected 1 or 2');
  const algorithm = fields.take(derTag.sequence, 'signature algorithm');
  if (!algorithm.bytes.equals(outerAlgorithm.bytes))
    throw invalidInput(message, 'signature algorithm: the signed one is another');
  const issuer = fields.take(derTag.sequence, 'issuer');
  const thisUpdateMs = takeTime(fields, 'thisUpdate');
  const nextUpdateMs = takeTime(fields, 'nextUpdate');
  if (thisUpdateMs === undefined) throw invalidInput(message, 'thisUpdate: expected a time');
  if (nextUpdateMs === undefined)
    throw invalidInput(message, 'nextUpdate: missing, so that nobody could tell when the list is outdated');
  const entries = fields.takeIf(derTag.sequence);
  const extensions = fields.takeIf(explicitExtensions);
  fields.finish('signed part');
  if (extensions !== undefined) {
    if (version === undefined) throw invalidInput(message, 'extensions in a list of version 1');
    checkListExtensions(unwrapExtensions(extensions));
  }
  return {
    issuer: issuer.bytes.toString('hex'),
    issuerText: nameText(issuer),
    thisUpdateMs,
    nextUpdateMs,
    revoked: readEntries(entries, version !== undefined),
  };
}

function readEntries(entries: DerValue | undefined, mayHaveExtensions: boolean): ReadonlySet<string> {
  const revoked = new Set<string>();
  if (entries === undefined) return revoked;
  const cursor = derCursor(entries.content);
  while (cursor.peek() !== undefined) {
    const entry = derCursor(cursor.take(derTag.sequence, 'entry').content);
    const serial = readIntegerHex(entry.take(derTag.integer, 'serial number'), 'serial number');
    if (takeTime(entry, 'revocation date') === undefined)
      throw invalidInput(message, 'revocation date: expected a time');
    const extensions = entry.takeIf(derTag.sequence);
    if (extensions !== undefined) {
      if (!mayHaveExtensions) throw invalidInput(message, 'extensions in a list of version 1');
      checkEntryExtensions(extensions);
    }
    entry.finish('entry');
    revoked.add(serial);
  }
  return revoked;
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
