// What a program has printed into its log since a moment. A log grown too long is emptied first.

import type { Files } from '../host/files';

const largestLogBytes = 1024 * 1024;
const mostPrinted = 16 * 1024;

/** Gives a reader of what is printed into a log from now on, its first 16 KiB. */
export async function markLog(files: Files, path: string): Promise<() => Promise<string>> {
  await boundLog(files, path);
  const mark = (await files.stat(path))?.size ?? 0;
  return async () =>
    ((await files.read(path)) ?? Buffer.alloc(0))
      .subarray(mark)
      .subarray(0, mostPrinted)
      .toString('utf8')
      .trim();
}

/** Empties a log that has grown beyond 1 MiB. */
export async function boundLog(files: Files, path: string): Promise<void> {
  if (((await files.stat(path))?.size ?? 0) > largestLogBytes) await files.truncate(path);
}
