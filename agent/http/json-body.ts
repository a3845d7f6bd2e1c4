// Reads bodies that should be JSON. Which members an object must have, and in which words its lack is told, is the
// dialect's; what is in them, the core's. Source: RFC 8259; contract/octavia-1.0.md "Transport" on content types.

export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a body; undefined when it is no JSON text in UTF-8. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Parses a body that must be an object with these members, whatever they are; undefined when it is none. */
export function objectWith(body: Buffer, members: readonly string[]): JsonObject | undefined {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return members.every((name) => Object.hasOwn(value, name)) ? (value as JsonObject) : undefined;
}

/** Tells whether a content type is JSON's: `application/json` or `application/<any>+json`, with parameters or without. */
export function isJsonType(contentType: string | undefined): boolean {
  return /^application\/(?:json|[\w.!#$&^-]+\+json)\s*(?:;|$)/i.test((contentType ?? '').trim());
}
