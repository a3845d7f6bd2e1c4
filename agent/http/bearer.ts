// Bearer tokens, compared in constant time whatever is sent. Source: RFC 6750, 2.1.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Makes the judge of `Authorization` headers. */
export function createBearer(token: string): (authorization: string | undefined) => boolean {
  const wanted = digest(token);
  return (authorization) => {
    const [, given] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '') ?? [];
    return timingSafeEqual(digest(given ?? ''), wanted) && given !== undefined;
  };
}

// Digests have one length: a comparison tells nothing of the token's.
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
