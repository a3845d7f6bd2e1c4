// One run of util-linux logger(1), which speaks to /dev/log for us: Node cannot open UNIX datagram sockets.
// --socket-errors=on makes it end when it cannot connect (its default loses lines in silence); --size must exceed
// our longest line and syslog's header; it ends by itself at the end of its input, so a killed agent leaves none.

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { messageOf } from '../../model/errors';
import { childEnvironment } from './child-env';
import { lineBytes } from './log-format';

export interface LoggerRun {
  /** Hands over one line `<N>text`; false when the child lags: wait for `onDrain`. */
  write(line: string): boolean;
  /** Closes its input, so that it ends when all is sent; kills it when it has not done so after 5 s. */
  end(): void;
  kill(): void;
}

export interface LoggerEvents {
  readonly onDrain: () => void;
  /**
   * Called once, never before `startLogger` returns, when it has ended or could not be started. `isClean` when it
   * left with 0, having sent all it was given.
   */
  readonly onEnd: (reason: string, isClean: boolean) => void;
}

const tag = 'amphorad';
const headerBytes = 1_024;
const reasonLength = 300;
const endGraceMs = 5_000;

/** Lists the arguments of logger for lines that begin with `<priority>`, logged as `amphorad[pid]`. */
export function loggerArgs(socketPath: string, pid: number): readonly string[] {
  return [
    '--prio-prefix',
    '--socket-errors=on',
    `--size=${lineBytes + headerBytes}`,
    `--tag=${tag}`,
    `--id=${pid}`,
    `--socket=${socketPath}`,
  ];
}

/** Spawns the real logger: in a session of its own, since Ctrl-C is not for it, and with nothing of our environment. */
export function spawnLogger(args: readonly string[]): ChildProcess {
  return spawn('logger', args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
    env: childEnvironment({}),
  });
}

/** Starts one logger that does not keep the agent alive. Never throws: a failure to start arrives as `onEnd`. */
export function startLogger(start: () => ChildProcess, events: LoggerEvents): LoggerRun {
  let hasEnded = false;
  const finish: LoggerEvents['onEnd'] = (reason, isClean) => {
    if (hasEnded) return;
    hasEnded = true;
    events.onEnd(reason, isClean);
  };
  try {
    return runOf(start(), finish, events.onDrain);
  } catch (thrown) {
    setImmediate(finish, `logger could not be started: ${messageOf(thrown)}`, false);
    return { write: () => true, end: () => undefined, kill: () => undefined };
  }
}

function runOf(child: ChildProcess, finish: LoggerEvents['onEnd'], onDrain: () => void): LoggerRun {
  let said = '';
  let killTimer: NodeJS.Timeout | undefined;
  child.unref();
  for (const stream of [child.stdin, child.stderr]) {
    if (stream instanceof Socket) stream.unref();
    // EPIPE and the like only foretell the end of the child, which is told by itself.
    stream?.on('error', () => undefined);
  }
  child.stdin?.on('drain', onDrain);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-reasonLength);
  });
  child.on('error', (error) => finish(`logger could not be started: ${error.message}`, false));
  child.on('close', (code, signal) => {
    clearTimeout(killTimer);
    finish(said.trim() === '' ? `logger ended (${signal ?? code ?? 'unknown'})` : said.trim(), code === 0);
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  return {
    write: (line) => child.stdin?.write(line) ?? true,
    end: () => {
      if (killTimer !== undefined) return;
      child.stdin?.end();
      killTimer = setTimeout(kill, endGraceMs);
      killTimer.unref();
    },
    kill,
  };
}
