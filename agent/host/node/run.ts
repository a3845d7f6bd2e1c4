// Runs a program to its end, with every wait bounded: TERM at the time-out, KILL after it, and neither a
// grandchild that holds our pipes nor a child stuck in the kernel keeps the caller waiting.

import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { ProcessExit, RunOptions, RunResult } from '../process';
import { collectOutput } from './output';
import { spawnProgram } from './spawn';

export interface RunSetting {
  readonly env: Record<string, string>;
  /** Bytes kept of each of stdout and stderr. */
  readonly maxOutputBytes: number;
}

const defaultTimeoutMs = 30_000;
const longestTimerMs = 2 ** 31 - 1;
/** From TERM to KILL, and from KILL to giving up on a process that even that does not end. */
const killAfterMs = 2_000;
/** How long after its exit a child's pipes may stay open in somebody else's hands. */
const drainMs = 1_000;

/** Runs `argv` to its end. Throws `unavailable` when it could not be started. */
export async function runProgram(
  argv: readonly string[],
  options: RunOptions,
  { env, maxOutputBytes }: RunSetting,
): Promise<RunResult> {
  const stdin = options.input === undefined ? 'ignore' : 'pipe';
  const child = await spawnProgram(argv, { env, stdio: [stdin, 'pipe', 'pipe'] });
  const stdout = collectOutput(child.stdout, maxOutputBytes);
  const stderr = collectOutput(child.stderr, maxOutputBytes);
  const ended = waitForEnd(child, Math.min(options.timeoutMs ?? defaultTimeoutMs, longestTimerMs));
  feed(child.stdin, options.input);
  const { code, signal, timedOut } = await ended;
  return {
    code,
    signal,
    timedOut,
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncated: stdout.isTruncated() || stderr.isTruncated(),
  };
}

function feed(stdin: Writable | null, input: string | undefined): void {
  // EPIPE: a program may end, or close its input, without reading all of it. Its exit code says what it meant.
  stdin?.on('error', () => undefined);
  stdin?.end(input);
}

function waitForEnd(child: ChildProcess, timeoutMs: number): Promise<ProcessExit & { timedOut: boolean }> {
  return new Promise((resolve) => {
    let exit: ProcessExit = { code: null, signal: null };
    let timedOut = false;
    let timer: NodeJS.Timeout | undefined;

    // One timer at a time: each step of the way replaces the one before.
    const next = (ms: number, step: () => void): void => {
      clearTimeout(timer);
      timer = setTimeout(step, ms);
    };
    const settle = (): void => {
      clearTimeout(timer);
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
      resolve({ ...exit, timedOut });
    };
    const giveUp = (): void => {
      child.unref();
      settle();
    };
    const kill = (): void => {
      child.kill('SIGKILL');
      next(killAfterMs, giveUp);
    };
    const terminate = (): void => {
      timedOut = true;
      child.kill('SIGTERM');
      next(killAfterMs, kill);
    };

    next(timeoutMs, terminate);
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      next(drainMs, settle);
    });
    child.once('close', settle);
  });
}
