// Tells whether stderr is systemd's journal: JOURNAL_STREAM holds `device:inode` of the stream that the journal
// gave this service (systemd.exec(5)). It is inherited by whoever redirects stderr, so it is compared, not believed.

/** Device and inode of an open file, as fstat(2) tells them. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Tells whether the file that `statStderr` describes is the one JOURNAL_STREAM names; false when either is unknown. */
export function isJournalStream(
  environment: Readonly<Record<string, string | undefined>>,
  statStderr: () => FileIdentity,
): boolean {
  const named = /^(\d+):(\d+)$/.exec(environment['JOURNAL_STREAM'] ?? '');
  if (named === null) return false;
  try {
    const { dev, ino } = statStderr();
    return named[1] === dev.toString() && named[2] === ino.toString();
  } catch {
    // A closed stderr has no identity: whatever it was, it is not the journal now.
    return false;
  }
}
