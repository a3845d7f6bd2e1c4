// The name under which Octavia's configurations of 1.0 list an amphora among the `peers`: 28 characters for any id, since
// haproxy's own limit on a line is near. Source: contract/octavia-1.0.md "haproxy configuration"; haproxy issue 644 (`-` first).

import { createHash } from 'node:crypto';
import { readSections } from '../haproxy/config/sections';

/** Derives an amphora's peer name from its id as the controller writes it. */
export function peerNameOf(amphoraId: string): string {
  const hash = createHash('sha1').update(amphoraId, 'utf8').digest('base64');
  return hash.replaceAll('+', '_').replaceAll('/', '-').replace(/^-/, 'x').replace(/=+$/, '');
}

/** Tells which of an amphora's names a configuration has among its `peers`; the id itself when neither is. */
export function peerNameIn(text: string, amphoraId: string): string {
  const lines = readSections(text).flatMap(({ keyword, lines }) => (keyword === 'peers' ? lines : []));
  const name = peerNameOf(amphoraId);
  return lines.some(({ words }) => words[0] === 'peer' && words[1] === name) ? name : amphoraId;
}

/** Tells whether a word of a command line can be kept as a peer name. */
export function isPeerName(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9_.-]{1,64}$/.test(text);
}
