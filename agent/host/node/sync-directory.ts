// A rename or a new name is only durable once its directory is synced (fsync(2), last paragraph of its
// description).

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { hasErrno } from './errno';

/** Makes the names in a directory durable. Rejects with the system's own error. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } catch (thrown) {
    // Some file systems (FUSE, network ones) have no fsync of a directory and say so: there is nothing to wait for.
    if (!hasErrno(thrown, 'EINVAL', 'ENOTSUP')) throw thrown;
  } finally {
    await directory.close();
  }
}
