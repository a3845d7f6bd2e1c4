// Lines to stderr, or to whatever stream stands for it. Node writes to a pipe without waiting and keeps in memory
// what its reader does not take: that is bounded here. A reader that is gone (EPIPE) or a full disk (ENOSPC) is an
// event on the stream, and one that nobody listens to would end the agent.

import type { Writable } from 'node:stream';
import type { LogLevel } from '../log';

export interface LogLine {
  readonly level: LogLevel;
  /** One line, without its newline. */
  readonly text: string;
}

/** Somewhere that lines go. Never throws, never waits. */
export interface LogSink {
  write(line: LogLine): void;
  /** Resolves when all is delivered, or after `deadlineMs`. Lines that come later still go to stderr. */
  close(deadlineMs: number): Promise<void>;
}

export interface StderrOptions {
  readonly stream: Writable;
  /** What stands before a line, e.g. `<4>` for the journal (sd-daemon(3)). */
  readonly prefix: (level: LogLevel) => string;
  /** Words the gap when `count` lines were lost. */
  readonly lossNotice: (count: number) => LogLine;
  /** Bytes that may wait for a slow reader. Default 1 MiB. */
  readonly pendingBytes?: number;
}

const defaultPendingBytes = 1_048_576;

/** Makes a sink that writes each line at once, drops lines while its reader lags, and tells how many when it is back. */
export function createStderrSink(options: StderrOptions): LogSink {
  const { stream, prefix, lossNotice, pendingBytes = defaultPendingBytes } = options;
  let lost = 0;
  // There is no place left to report that stderr is broken.
  stream.on('error', () => undefined);

  const put = (line: LogLine): void => {
    stream.write(`${prefix(line.level)}${line.text}\n`);
  };
  const tellLoss = (): void => {
    if (lost === 0) return;
    put(lossNotice(lost));
    lost = 0;
  };
  return {
    write: (line) => {
      const limit = lost === 0 ? pendingBytes : pendingBytes / 2;
      if (stream.writableLength > limit) {
        lost += 1;
        return;
      }
      tellLoss();
      put(line);
    },
    close: (deadlineMs) => {
      tellLoss();
      return flushed(stream, deadlineMs);
    },
  };
}

function flushed(stream: Writable, deadlineMs: number): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    // Not unref'd: it is what keeps the process here until the last lines are out.
    const timer = setTimeout(resolve, deadlineMs);
    stream.write('', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
