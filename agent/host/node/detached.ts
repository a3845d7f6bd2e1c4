// Starts a program that outlives the agent: a session of its own (setsid(2)), no pipe to us, its output
// appended to a file. It inherits the agent's umask, which boot sets.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { internal } from '../../model/errors';
import type { DetachedOptions, DetachedProcess, ProcessExit } from '../process';
import { fileError, notRegular } from './file-errors';
import { spawnProgram } from './spawn';

const appended =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  constants.O_NOCTTY;

/** Starts `argv` in a session of its own. Throws `unavailable` when it could not be started, and what the log file's failure means. */
export async function startDetached(
  argv: readonly string[],
  { logPath }: DetachedOptions,
  env: Record<string, string>,
): Promise<DetachedProcess> {
  const log = await openLog(logPath);
  try {
    const child = await spawnProgram(argv, { env, detached: true, stdio: ['ignore', log.fd, log.fd] });
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    child.unref();
    if (child.pid === undefined) throw internal('A started process without a pid');
    return { pid: child.pid, exited };
  } finally {
    await log.close();
  }
}

async function openLog(path: string): Promise<FileHandle> {
  try {
    const log = await open(path, appended, 0o600);
    return await orClose(log, async () => {
      // A FIFO or a device in its place would block the daemon, or take its output elsewhere.
      if (!(await log.stat()).isFile()) throw notRegular(path);
      await log.chmod(0o600);
      return log;
    });
  } catch (thrown) {
    throw fileError('write a file', path, thrown);
  }
}

async function orClose<T>(file: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}
