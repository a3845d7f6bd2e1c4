// Makes directories with exact modes whatever the umask: a stray 027 would keep keepalived from running its
// scripts, a stray 000 would open private ones.

import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hasErrno } from './errno';
import { syncDirectory } from './sync-directory';

const parentMode = 0o755;

/** Makes a directory with exactly `mode`, missing parents 0755. Rejects with the system's own error. */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  const absolute = resolve(path);
  const made = await makeWithParents(absolute, mode);
  if (!made) await setMode(absolute, mode);
}

// False when something is there already. A parent that is there keeps its mode and may be a link: only the
// directory asked for is ours to judge.
async function makeWithParents(path: string, mode: number): Promise<boolean> {
  const outcome = await tryMake(path);
  if (outcome === 'exists') return false;
  if (outcome === 'no-parent') {
    await makeWithParents(dirname(path), parentMode);
    if ((await tryMake(path)) === 'exists') return false;
  }
  await setMode(path, mode);
  await syncDirectory(dirname(path));
  return true;
}

// Made 0700 first, so that nobody enters before the mode is set.
async function tryMake(path: string): Promise<'made' | 'exists' | 'no-parent'> {
  try {
    await mkdir(path, 0o700);
    return 'made';
  } catch (thrown) {
    if (hasErrno(thrown, 'EEXIST')) return 'exists';
    if (hasErrno(thrown, 'ENOENT') && dirname(path) !== path) return 'no-parent';
    throw thrown;
  }
}

async function setMode(path: string, mode: number): Promise<void> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const directory = await open(path, flags);
  try {
    await directory.chmod(mode);
    await directory.sync();
  } finally {
    await directory.close();
  }
}
