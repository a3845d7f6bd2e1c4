// What a living process group was started from: the text, every file that it names, the binary, the overlay and the
// peer name, as digests. Controllers renew certificates under an unchanged configuration, so the text alone does not
// tell whether a reload is needed. Source: DESIGN "Two doors for change".

import { createHash } from 'node:crypto';
import type { Files } from '../host/files';

export interface RunRecord {
  /** SHA-256 of the configuration's text, hex; so are the others. */
  readonly text: string;
  readonly overlay: string;
  readonly peer: string;
  /** Path, size and times of the binary: an upgrade in place changes them. */
  readonly binary: string;
  /** Digest by path; 'absent' for a file that was not there. */
  readonly files: Readonly<Record<string, string>>;
  /** True: the stored configuration did not come up at a start without a controller, and the one before it runs. */
  readonly fallback?: boolean;
  /** True: a reload was about to be asked for, and how it ended was not recorded: haproxy may have read other files. */
  readonly unsure?: boolean;
  /** While unsure: servers, `backend/server`, that were about to be changed without a reload. What they have is nobody's wish. */
  readonly touched?: readonly string[];
}

export interface RunInput {
  readonly text: string;
  readonly overlay: string;
  readonly peer: string;
  readonly binary: string;
  /** Paths of all files whose content matters to haproxy. */
  readonly files: readonly string[];
}

/** SHA-256 in hex. */
export function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Takes the digests of what haproxy would now read. */
export async function recordRun(files: Files, input: RunInput): Promise<RunRecord> {
  const entries = input.files.map(async (path) => {
    const content = await files.readHostText(path);
    return [path, content === undefined ? 'absent' : digest(content)] as const;
  });
  const binary = await files.stat(input.binary);
  return {
    text: digest(input.text),
    overlay: digest(input.overlay),
    peer: input.peer,
    binary:
      binary === undefined
        ? ''
        : `${input.binary}:${binary.inode}:${binary.size}:${Math.trunc(binary.mtimeMs)}`,
    files: Object.fromEntries(await Promise.all(entries)),
  };
}

/** Tells whether haproxy would read exactly what it has read. */
export function sameRun(a: RunRecord, b: RunRecord): boolean {
  const paths = Object.keys(a.files);
  return (
    a.text === b.text &&
    a.overlay === b.overlay &&
    a.peer === b.peer &&
    a.binary === b.binary &&
    paths.length === Object.keys(b.files).length &&
    paths.every((path) => a.files[path] === b.files[path])
  );
}
