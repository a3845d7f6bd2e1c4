// An agent as a process of its own: what kill -9 and memory figures need. It is the daemon, started as in production
// but for its log, which comes as JSON over stderr.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../host/clock';
import type { LogFields, LogLevel } from '../host/log';
import { messageOf } from '../model/errors';
import type { AmphoraPaths } from './amphora';
import type { RecordedEntry } from './recorded-log';
import type { RunningAgent } from './running-agent';

export interface ChildOptions {
  readonly paths: AmphoraPaths;
  /** Variables beside PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it drives a fake haproxy. */
  readonly fakeHaproxy: boolean;
  readonly clock: Clock;
  readonly log: (entry: RecordedEntry) => void;
}

const levels: readonly string[] = ['debug', 'info', 'warning', 'error'] satisfies readonly LogLevel[];
// As the launcher gives them.
const nodeFlags = ['--max-semi-space-size=2', '--initial-old-space-size=8', '--optimize-for-size'];
const mostSaid = 100;
const readyMs = 30_000;

/** Starts one and waits until it answers. Throws with what it said when it ends before that, or is not ready in time. */
export async function startChild({
  paths,
  environment,
  fakeHaproxy,
  clock,
  log,
}: ChildOptions): Promise<RunningAgent> {
  const files = ['--config-file', paths.agentConf, '--local-config', paths.localConf];
  const words = ['serve', ...files, '--ready-json', ...(fakeHaproxy ? ['--fake-haproxy'] : [])];
  const child = spawn(process.execPath, [...nodeFlags, programPath(), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve());
    child.once('error', reject);
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(line);
    if (said.length > mostSaid) said.shift();
    log(entryOf(line));
  });
  const endBy = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const settled = new AbortController();
  try {
    const { port } = await Promise.race([
      readyLineOf(child),
      ended.then(() => Promise.reject(new Error('the agent ended before it was ready'))),
      clock
        .sleep(readyMs, settled.signal)
        .then(() => Promise.reject(new Error(`not ready within ${readyMs} ms`))),
    ]);
    return { port, pid: child.pid ?? 0, end: () => endBy('SIGTERM'), kill: () => endBy('SIGKILL') };
  } catch (cause) {
    await endBy('SIGKILL');
    throw new Error(`${messageOf(cause)}:\n${said.join('\n')}`, { cause });
  } finally {
    settled.abort();
  }
}

/** Beside this file in dist/, two floors up from it in the sources. */
function programPath(): string {
  const places = [join(__dirname, 'amphorad.cjs'), join(__dirname, '..', '..', 'dist', 'amphorad.cjs')];
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error(`there is no ${places.join(' and no ')}: build it first (npm run build)`);
  return found;
}

function readyLineOf({ stdout }: ChildProcess): Promise<{ readonly port: number }> {
  if (stdout === null) throw new Error('the agent has no standard output');
  const lines = createInterface({ input: stdout });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      try {
        resolve(JSON.parse(line) as { readonly port: number });
      } catch (cause) {
        reject(new Error(`no ready line: ${line}`, { cause }));
      }
    });
  });
}

function entryOf(line: string): RecordedEntry {
  try {
    const { level, message, time, ...fields } = JSON.parse(line) as Record<string, unknown>;
    if (typeof message === 'string' && isLevel(level))
      return { level, message, fields: { time, ...fields } as LogFields };
  } catch {
    // A warning of Node, or of the start.
  }
  return { level: 'warning', message: line, fields: {} };
}

function isLevel(word: unknown): word is LogLevel {
  return typeof word === 'string' && levels.includes(word);
}
