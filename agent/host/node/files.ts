// The file system by node:fs. haproxy runs as another user beside our files, so nothing of ours is opened
// through a link, and nothing that could block (FIFO) or answer for a device is read (open(2): O_NOFOLLOW,
// O_NONBLOCK).

import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open, readdir, readFile, rename, rm, statfs, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AgentError } from '../../model/errors';
import type { FileStat, Files } from '../files';
import { writeAtomic } from './atomic-write';
import { changeMode } from './change-mode';
import { makeDirectory } from './directories';
import { hasErrno } from './errno';
import { fileError, hostFileError, isAbsent, notRegular } from './file-errors';
import type { FileAction } from './file-errors';
import { syncDirectory } from './sync-directory';

// A Buffer of Node 20 is at most 4 GiB, readFile stops at 2 GiB; nothing that we keep comes near.
const longestReadBytes = 2 ** 31 - 1;
const guarded = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Makes the real file system. */
export function createNodeFiles(): Files {
  return {
    read: readRegular,
    readText: async (path) => (await readRegular(path))?.toString('utf8'),
    readHostText,
    writeAtomic,
    makeDirectory: (path, mode) => mapped('make a directory', path, () => makeDirectory(path, mode)),
    changeMode: (path, mode) => mapped('change a mode', path, () => changeMode(path, mode)),
    rename: (from, to) => mapped('rename a file', from, () => renameDurably(from, to)),
    remove: (path) => mapped('remove a file', path, () => removeDurably(resolve(path))),
    list: (path) => mapped('list a directory', path, () => list(path)),
    stat: (path) => mapped('look at a file', path, () => stat(path)),
    truncate: (path) => mapped('empty a file', path, () => truncate(path)),
    space: (path) => mapped('measure a file system', path, () => space(path)),
  };
}

async function mapped<T>(action: FileAction, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw fileError(action, path, thrown);
  }
}

function readRegular(path: string): Promise<Buffer | undefined> {
  return mapped('read a file', path, () =>
    withRegular(path, constants.O_RDONLY, async (file, stats) => {
      if (stats.size > longestReadBytes)
        throw new AgentError('too-large', 'File too large', { detail: path });
      return file.readFile();
    }),
  );
}

async function readHostText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK });
  } catch (thrown) {
    // ESRCH: the process went away between opening and reading its file in /proc.
    if (isAbsent(thrown) || hasErrno(thrown, 'ESRCH')) return undefined;
    throw hostFileError(path, thrown);
  }
}

/** Opens a regular file, never through a link, and closes it after `use`; undefined when nothing is there. */
async function withRegular<T>(
  path: string,
  access: number,
  use: (file: FileHandle, stats: Stats) => Promise<T>,
): Promise<T | undefined> {
  const file = await openUnlessAbsent(path, access | guarded);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw notRegular(path);
    return await use(file, stats);
  } finally {
    await file.close();
  }
}

async function openUnlessAbsent(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags);
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  for (const directory of new Set([dirname(to), dirname(from)])) await syncDirectory(directory);
}

async function removeDurably(path: string): Promise<void> {
  const found = await stat(path);
  if (found === undefined) return;
  try {
    if (found.kind === 'directory') await rm(path, { recursive: true, force: true });
    else await unlink(path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    // Somebody else removed it, or the directory that held it, at the same time.
    if (!isAbsent(thrown)) throw thrown;
  }
}

async function list(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (thrown) {
    if (hasErrno(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}

async function stat(path: string): Promise<FileStat | undefined> {
  try {
    return fileStatOf(await lstat(path));
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

/** Says in our words what lstat(2) has found. */
export function fileStatOf(stats: Stats): FileStat {
  const { size, mode, uid, mtimeMs, dev: device, ino: inode } = stats;
  return { kind: kindOf(stats), size, mode: mode & 0o7777, uid, mtimeMs, device, inode };
}

function kindOf(stats: Stats): FileStat['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isSocket() ? 'socket' : 'other';
}

async function truncate(path: string): Promise<void> {
  await withRegular(path, constants.O_WRONLY, (file) => file.truncate(0));
}

async function space(path: string): Promise<{ usedKb: number; availableKb: number }> {
  const { bsize, blocks, bfree, bavail } = await statfs(path);
  const toKb = (count: number): number => Math.floor((count * bsize) / 1024);
  return { usedKb: toKb(blocks - bfree), availableKb: toKb(bavail) };
}
