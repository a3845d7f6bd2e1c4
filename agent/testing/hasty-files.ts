// Files for a thousand agents in one process: a small read or write is done at once, which costs a twentieth of a turn
// through Node's threads, and nothing need survive a power cut, for the directory ends with the test. Whole they are all the
// same: written aside, then renamed. What does not go well is left to the real files, which know what it means.

import { chmodSync, closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Files } from '../host/files';
import { isAbsent } from '../host/node/file-errors';
import { fileStatOf } from '../host/node/files';

/** Makes such files of real ones. */
export function createHastyFiles(files: Files): Files {
  return {
    ...files,
    read: (path) =>
      atOnce(
        () => unlessAbsent(() => readRegular(path)),
        () => files.read(path),
      ),
    readText: (path) =>
      atOnce(
        () => unlessAbsent(() => readRegular(path))?.toString('utf8'),
        () => files.readText(path),
      ),
    readHostText: (path) =>
      atOnce(
        () => unlessAbsent(() => readFileSync(path, 'utf8')),
        () => files.readHostText(path),
      ),
    writeAtomic: (path, content, mode) =>
      atOnce(
        () => writeWhole(path, content, mode),
        () => files.writeAtomic(path, content, mode),
      ),
    makeDirectory: (path, mode) =>
      atOnce(
        () => makeOne(path, mode),
        () => files.makeDirectory(path, mode),
      ),
    rename: (from, to) =>
      atOnce(
        () => renameSync(from, to),
        () => files.rename(from, to),
      ),
    remove: (path) =>
      atOnce(
        () => removeOne(path),
        () => files.remove(path),
      ),
    list: (path) =>
      atOnce(
        () => readdirSync(path).sort(),
        () => files.list(path),
      ),
    stat: (path) =>
      atOnce(
        () => {
          const stats = lstatSync(path, { throwIfNoEntry: false });
          return stats && fileStatOf(stats);
        },
        () => files.stat(path),
      ),
  };
}

async function atOnce<T>(hasty: () => T, real: () => Promise<T>): Promise<T> {
  try {
    return hasty();
  } catch {
    return real();
  }
}

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

function readRegular(path: string): Buffer {
  const file = openSync(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
  );
  try {
    if (!fstatSync(file).isFile()) throw new Error('no regular file');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function writeWhole(path: string, content: string | Uint8Array, mode: number): void {
  const aside = `${path}.hasty`;
  try {
    writeFileSync(aside, content, { mode, flag: 'wx' });
    chmodSync(aside, mode);
    renameSync(aside, path);
  } catch (thrown) {
    rmSync(aside, { force: true });
    throw thrown;
  }
}

function makeOne(path: string, mode: number): void {
  const parent = dirname(path);
  if (lstatSync(parent, { throwIfNoEntry: false }) === undefined) makeOne(parent, 0o755);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) mkdirSync(path);
  else if (!found.isDirectory()) throw new Error('no directory');
  chmodSync(path, mode);
}

function removeOne(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) throw new Error('a directory');
  unlinkSync(path);
}
