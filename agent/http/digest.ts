// The digest that amphora dialects give as ETag, unquoted: controllers compare it with that of what they sent.
// Source: contract/octavia-1.0.md "Endpoints".

import { createHash } from 'node:crypto';

/** The ETag header of a content: its MD5 in hex. */
export function etagOf(content: string | Buffer): Readonly<Record<'ETag', string>> {
  return { ETag: createHash('md5').update(content).digest('hex') };
}
