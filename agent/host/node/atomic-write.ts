// Replaces a file so that a reader, or a power cut, sees the old content or the new and nothing between:
// temporary file beside it, fsync, rename, fsync of the directory.

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { temporaryName } from '../../model/leftover';
import { fileError } from './file-errors';
import { syncDirectory } from './sync-directory';

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Replaces the file at `path` durably, with exactly `mode`. Throws as `Files.writeAtomic`. */
export async function writeAtomic(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  try {
    const temporary = temporaryPath(path);
    // Made before the guard below: what O_EXCL refuses is somebody else's and stays.
    const file = await open(temporary, newFile, mode);
    await orRemove(temporary, async () => {
      await fill(file, content, mode);
      await rename(temporary, path);
    });
    await syncDirectory(dirname(path));
  } catch (thrown) {
    throw fileError('write a file', path, thrown);
  }
}

function temporaryPath(path: string): string {
  return join(dirname(path), temporaryName(basename(path), randomBytes(6).toString('hex')));
}

async function fill(file: FileHandle, content: string | Uint8Array, mode: number): Promise<void> {
  try {
    // The umask took bits off the mode that open was given.
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function orRemove(temporary: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    // The first failure is the one to report; on a broken disk the removal fails as well.
    await unlink(temporary).catch(() => undefined);
    throw thrown;
  }
}
