// Reads the errno that Node hangs on its system errors as `code` (Node manual, Errors: system errors).
// By shape, not by class: an error of another realm (vm contexts, jest's among them) is no `instanceof Error`.

/** Returns the errno of something thrown, e.g. `ENOENT`; undefined when it carries none. */
export function errnoOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Tells whether something thrown carries one of these errnos. */
export function hasErrno(thrown: unknown, ...codes: readonly string[]): boolean {
  const errno = errnoOf(thrown);
  return errno !== undefined && codes.includes(errno);
}
