// Uploads leave 16 MiB free: what the agent must write to stop, delete and record has to fit afterwards.
// Source: DESIGN "Server identity and connections", limits on volume.

import type { Files } from '../host/files';
import { diskReserveKb as reserveKb } from '../model/disk-reserve';
import { AgentError } from '../model/errors';

/** Throws `no-space` when `bytes` more would leave less than 16 MiB free where `path` lies, `unavailable` when nothing lies there any more. */
export async function requireSpace(files: Files, path: string, bytes: number): Promise<void> {
  // Not made anew: the lock of this agent is on the one that is gone, and a mount may be about to come back.
  if ((await files.stat(path)) === undefined) {
    throw new AgentError('unavailable', 'The state directory is gone', {
      detail: `${path}: bring it back, or start the agent again`,
    });
  }
  const { usedKb, availableKb } = await files.space(path);
  // A file system without size, such as ramfs, tells nothing.
  if (usedKb === 0 && availableKb === 0) return;
  if (availableKb - bytes / 1024 >= reserveKb) return;
  throw new AgentError('no-space', 'No space left on this amphora', {
    detail: `${availableKb} KiB are free, ${reserveKb} KiB are kept free`,
  });
}
