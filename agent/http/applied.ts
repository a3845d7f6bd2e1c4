// The header by which an answer tells how a living haproxy came to follow its configuration. It is this agent's own:
// Octavia's dialects have none, and their clients pass over it.

/** Makes the headers; none where no living haproxy was asked to follow. */
export function appliedHeader(applied: string | undefined): Readonly<Record<string, string>> {
  return applied === undefined ? {} : { 'X-Amphora-Applied': applied };
}
