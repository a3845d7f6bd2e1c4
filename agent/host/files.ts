// The seam to the file system. Every write is whole and durable: temporary file in the same directory,
// fsync, rename, fsync of the directory (DESIGN: writing to disk).

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'socket' | 'link' | 'other';
  /** Bytes. */
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly device: number;
  readonly inode: number;
}

export interface Files {
  /** Reads a regular file without following a link at its end; undefined when it does not exist. Throws `internal` on anything else, `precondition` when it is not a regular file. */
  read(path: string): Promise<Buffer | undefined>;
  readText(path: string): Promise<string | undefined>;
  /** Reads a file where links are usual and welcome (operator's files, /proc, /sys); undefined when absent or unreadable for lack of the thing itself. */
  readHostText(path: string): Promise<string | undefined>;
  /** Replaces a file durably. Throws `no-space` on ENOSPC/EDQUOT, `unavailable` on EROFS and the like; the old content then stands. */
  writeAtomic(path: string, content: string | Uint8Array, mode: number): Promise<void>;
  /** Makes a directory (and its parents) with exactly `mode`; an existing one gets the mode too. Refuses (`precondition`) what is there and is not a directory. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /** Renames within one directory or between two, durably in both. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a whole directory; silent when absent. Links are removed, not followed. */
  remove(path: string): Promise<void>;
  /** Names in a directory, sorted; empty when it does not exist. */
  list(path: string): Promise<readonly string[]>;
  /** What lies at a path, links not followed; undefined when nothing does. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Empties a file in place, so that a writer that appends goes on at its start; silent when absent. */
  truncate(path: string): Promise<void>;
  /** Kilobytes used and available to root's processes on the file system of `path`. */
  space(path: string): Promise<{ readonly usedKb: number; readonly availableKb: number }>;
}
