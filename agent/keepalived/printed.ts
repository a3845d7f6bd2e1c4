// What a program has printed into its log since a moment. A log grown too long is emptied first.

import type { Files } from '../host/files';

const largestLogBytes = 1024 * 1024;
const mostPrinted = 16 * 1024;

/** Gives a reader of what is printed into a log from now on, its first 16 KiB unless more is asked for. */
export async function markLog(files: Files, path: string): Promise<(mostBytes?: number) => Promise<string>> {
  // Half of the bound: it must not be emptied while somebody reads on from the mark.
  await boundLog(files, path, largestLogBytes / 2);
  const mark = (await files.stat(path))?.size ?? 0;
  return async (mostBytes = mostPrinted) =>
    ((await files.read(path)) ?? Buffer.alloc(0))
      .subarray(mark)
      .subarray(0, mostBytes)
      .toString('utf8')
      .trim();
}

/** Empties a log that has grown beyond 1 MiB, or another bound. */
export async function boundLog(files: Files, path: string, mostBytes = largestLogBytes): Promise<void> {
  if (((await files.stat(path))?.size ?? 0) > mostBytes) await files.truncate(path);
}
