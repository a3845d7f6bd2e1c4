// Where a command prints. Whoever reads may leave before the end (EPIPE), the disk may be full (ENOSPC): that ends a
// command, and is told by its exit status; the agent itself lives on.

import { messageOf } from '../model/errors';
import type { Output } from './serve';

/** What this needs of process.stdout and process.stderr. */
export interface OutputStream {
  write(text: string, written?: () => void): unknown;
  on(event: 'error', heard: (thrown: NodeJS.ErrnoException) => void): unknown;
}

export interface Outputs extends Output {
  /** From now on a broken output ends nothing. */
  outlive(): void;
  /** Resolves when all that was printed has been taken, or refused. */
  flushed(): Promise<void>;
}

// As a shell tells of a program that SIGPIPE has ended, and EX_IOERR.
const leftStatus = 141;
const unwrittenStatus = 74;

/** Makes them; `end` ends the process with a status. */
export function createOutputs(
  stdout: OutputStream,
  stderr: OutputStream,
  end: (status: number) => void,
): Outputs {
  let isAgent = false;
  stdout.on('error', (thrown) => {
    if (isAgent) return;
    const hasLeft = thrown.code === 'EPIPE';
    if (!hasLeft) stderr.write(`amphorad: the output cannot be written: ${messageOf(thrown)}\n`);
    end(hasLeft ? leftStatus : unwrittenStatus);
  });
  // There is no place left to report that.
  stderr.on('error', () => undefined);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outlive: () => void (isAgent = true),
    flushed: () => new Promise((resolve) => void stdout.write('', () => resolve())),
  };
}
