// The header by which an answer tells how a living haproxy came to follow its configuration. It is this agent's own:
// Octavia's dialects have none, and their clients pass over it.

/** Makes the headers; none where no living haproxy was asked to follow. */
export function appliedHeader(applied: string | undefined): Readonly<Record<string, string>> {
  return applied === undefined ? {} : { 'X-Amphora-Applied': applied };
}

/** How the header is described. */
export const appliedHeaderText = {
  'X-Amphora-Applied':
    'How a running haproxy came to follow the stored configuration, on the answer to a reload: `runtime`, it was told over its socket and its worker stays; `reload`, by a new worker; `none`, it would have read what it had read. Absent where nothing was reloaded.',
} as const;
