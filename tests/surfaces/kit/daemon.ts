// The agent as a process of its own, through its launcher: for what only a process can show (kill -9, exit status).

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const dist = join(__dirname, '..', '..', '..', 'dist');

export interface Daemon {
  readonly child: ChildProcess;
  /** The parsed ready line. */
  readonly ready: {
    readonly pid: number;
    readonly port: number;
    readonly address: string;
    readonly ca: string;
    readonly amphora_id: string;
  };
  /** Sends a signal and resolves with exit code or signal name. */
  end(signal?: NodeJS.Signals): Promise<number | string>;
  /** What it printed on stderr so far. */
  stderr(): string;
}

export interface Finished {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** What the launcher is started through, e.g. prlimit(1). */
  readonly through?: readonly string[];
  /** The name of the launcher; `amphorad` unless given. */
  readonly launcher?: string;
}

const started = new Set<ChildProcess>();

/** Ends what a test left running; for `afterEach`. */
export async function endLeftovers(): Promise<void> {
  const left = [...started];
  started.clear();
  await Promise.all(
    left.map(async (child) => {
      const ended = exitOf(child);
      if (child.kill('SIGKILL')) await ended;
    }),
  );
}

function start(
  args: readonly string[],
  { env = {}, uid, through = [], launcher = 'amphorad' }: SpawnOptions,
): ChildProcess {
  const path = join(dist, launcher);
  const [program = path, ...more] = [...through, path, ...args];
  const child = spawn(program, more, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')));
}

/** An agent that need not become ready. */
export interface Launched {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends SIGTERM and resolves with exit code or signal name. */
  end(): Promise<number | string>;
}

/** Starts an agent and waits for nothing. */
export function launch(args: readonly string[], options: SpawnOptions = {}): Launched {
  const child = start(args, options);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => (printed[name] += chunk.toString('utf8')));
  const ended = exitOf(child);
  return {
    pid: child.pid ?? 0,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    end() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Starts a daemon (`--ready-json` among the arguments) and waits until it is ready. */
export async function startDaemon(args: readonly string[], options: SpawnOptions = {}): Promise<Daemon> {
  const child = start(args, options);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  const ended = exitOf(child);
  if (child.stdout === null) throw new Error('no pipe');
  const lines = createInterface({ input: child.stdout });
  const first = new Promise<string>((resolve) => lines.once('line', resolve));
  const line = await Promise.race([
    first,
    ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${errors}`))),
  ]);
  return {
    child,
    ready: JSON.parse(line) as Daemon['ready'],
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
    stderr: () => errors,
  };
}

/** Runs a command to its end; `until`: a text on stdout upon which it is asked to end. */
export async function runToEnd(
  args: readonly string[],
  options: SpawnOptions & { readonly until?: string } = {},
): Promise<Finished> {
  const child = start(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    if (options.until !== undefined && stdout.includes(options.until)) child.kill('SIGTERM');
  });
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const code = await new Promise<number | string>((resolve) =>
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown')),
  );
  return { code, stdout, stderr };
}
