// The seam to the file system. Every write is whole and durable: temporary file in the same directory,
// fsync, rename, fsync of the directory (DESIGN: writing to disk).

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'socket' | 'link' | 'other';
  /** Bytes. */
  readonly size: number;
  /** Permission bits only, e.g. 0o600. */
  readonly mode: number;
  /** User id of the owner. */
  readonly uid: number;
  readonly mtimeMs: number;
  readonly device: number;
  readonly inode: number;
}

export interface Files {
  /** Reads a regular file without following a link at its end; undefined when it does not exist. Throws `precondition` when it is not a regular file, `too-large` from 2 GiB on, `unavailable` on EACCES, EIO and the like. */
  read(path: string): Promise<Buffer | undefined>;
  /** Reads a file like `read`, as UTF-8; bytes that are none become U+FFFD. */
  readText(path: string): Promise<string | undefined>;
  /** Reads a file where links are usual and welcome (operator's files, /proc, /sys); undefined when absent (also a process gone from /proc). Throws `unavailable` on anything else. */
  readHostText(path: string): Promise<string | undefined>;
  /** Replaces a file durably. Throws `no-space` on ENOSPC/EDQUOT, `unavailable` on EROFS and the like, `precondition` when the directory is missing; the old content then stands. */
  writeAtomic(path: string, content: string | Uint8Array, mode: number): Promise<void>;
  /** Makes a directory with exactly `mode` (missing parents 0755); an existing one gets the mode too. Refuses (`precondition`) what is there and is not a directory. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /** Sets the permission bits of what lies at a path, socket or directory as well; silent when absent. Refuses (`precondition`) a link. */
  changeMode(path: string, mode: number): Promise<void>;
  /** Renames within one directory or between two, durably in both; replaces what is there. Throws `precondition` when `from` is missing. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a whole directory; silent when absent. Links are removed, not followed. */
  remove(path: string): Promise<void>;
  /** Names in a directory, sorted; empty when it does not exist. Throws `precondition` on what is no directory. */
  list(path: string): Promise<readonly string[]>;
  /** What lies at a path, links not followed; undefined when nothing does. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Empties a file in place, so that a writer that appends goes on at its start; silent when absent. Links are refused (`precondition`). */
  truncate(path: string): Promise<void>;
  /** Kilobytes used and available to ordinary processes (as df shows them) on the file system of `path`. */
  space(path: string): Promise<{ readonly usedKb: number; readonly availableKb: number }>;
}
