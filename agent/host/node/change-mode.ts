// Sets the mode of anything that has one, a socket too, and never through a link: by a descriptor that only names it.
// Source: open(2) O_PATH, proc_pid_fd(5).

import { constants, type Stats } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { AgentError } from '../../model/errors';
import { isAbsent } from './file-errors';

// Linux; Node has no name for it.
const onlyNamed = 0o10000000;

/** Sets permission bits; silent when nothing is there. Rejects with the system's own error, `precondition` for a link. */
export async function changeMode(path: string, mode: number): Promise<void> {
  const file = await open(path, onlyNamed | constants.O_NOFOLLOW).catch((thrown: unknown) => {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  });
  if (file === undefined) return;
  try {
    const stats: Stats = await file.stat();
    if (stats.isSymbolicLink()) throw new AgentError('precondition', 'A link has no mode', { detail: path });
    await chmod(`/proc/self/fd/${file.fd}`, mode);
  } finally {
    await file.close();
  }
}
