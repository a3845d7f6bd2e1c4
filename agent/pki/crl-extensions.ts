// Which extensions a revocation list and its entries may carry. A list that covers only a part of what its authority
// issued, or amends another list, is refused: alone it would let revoked certificates in. Source: RFC 5280, 5.2, 5.3.

import { invalidInput } from '../model/errors';
import { derCursor, derTag, type DerValue } from './der';
import { readIntegerHex, readObjectId } from './der-values';

const partial = 'expected a complete list of one authority';
const refusedInList: Readonly<Record<string, string>> = {
  '2.5.29.27': `is a delta list: ${partial}`,
  '2.5.29.28': `has an issuing distribution point: ${partial}`,
};
const refusedInEntry: Readonly<Record<string, string>> = {
  '2.5.29.29': `names another issuer for an entry (indirect list): ${partial}`,
};
// Critical or not, these change nothing of who is revoked: AKI, issuer's other names, number, fresher list, access.
const harmlessInList = ['2.5.29.35', '2.5.29.18', '2.5.29.20', '2.5.29.46', '1.3.6.1.5.5.7.1.1'];
const reasonCode = '2.5.29.21';
const harmlessInEntry = [reasonCode, '2.5.29.24', '2.5.29.23'];
const removeFromCrl = '08';

/** Checks the extensions of a list. Throws `invalid-input` with the reason. */
export function checkListExtensions(extensions: DerValue): void {
  for (const { id, isCritical } of readExtensions(extensions)) {
    refuse(refusedInList[id]);
    if (isCritical && !harmlessInList.includes(id)) refuse(`has an unknown critical extension ${id}`);
  }
}

/** Checks the extensions of an entry: whatever its reason, an entry revokes. Throws `invalid-input` with the reason. */
export function checkEntryExtensions(extensions: DerValue): void {
  for (const { id, isCritical, value } of readExtensions(extensions)) {
    refuse(refusedInEntry[id]);
    if (isCritical && !harmlessInEntry.includes(id)) {
      refuse(`has an entry with an unknown critical extension ${id}`);
    }
    if (id === reasonCode && reasonOf(value) === removeFromCrl) {
      refuse(`has an entry with the reason removeFromCRL, which only delta lists have: ${partial}`);
    }
  }
}

interface Extension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

function readExtensions({ content }: DerValue): readonly Extension[] {
  const found: Extension[] = [];
  const cursor = derCursor(content);
  while (cursor.peek() !== undefined) {
    const fields = derCursor(cursor.take(derTag.sequence, 'extension').content);
    const id = readObjectId(fields.take(derTag.objectId, 'extension'));
    const critical = fields.takeIf(derTag.boolean);
    const { content: value } = fields.take(derTag.octetString, 'extension');
    fields.finish('extension');
    if (found.some((earlier) => earlier.id === id)) refuse(`has the extension ${id} twice`);
    // Anything but FALSE is taken for TRUE: BER's truth, and the safer side.
    found.push({ id, isCritical: critical !== undefined && critical.content[0] !== 0, value });
  }
  return found;
}

function reasonOf(value: Buffer): string {
  const cursor = derCursor(value);
  const reason = cursor.take(derTag.enumerated, 'reason of an entry');
  cursor.finish('reason of an entry');
  return readIntegerHex(reason, 'reason of an entry');
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw invalidInput('Revocation list cannot be used', why);
}

/** Opens the `[0] EXPLICIT` wrapping of a list's extensions. */
export function unwrapExtensions(wrapped: DerValue): DerValue {
  const inner = derCursor(wrapped.content);
  const extensions = inner.take(derTag.sequence, 'extensions');
  inner.finish('extensions');
  return extensions;
}
