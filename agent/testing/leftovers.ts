// Ends what agents leave running on purpose: haproxy and keepalived, known by their program and by a path below this
// amphora's base_path in their arguments, and the proxy of metrics, known by the agent's record of it.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readProxyRecord } from '../core/prometheus-proxy-record';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';

const politeMs = 3_000;
const lookEveryMs = 10;
const proxyProgram = 'prometheus-proxy.cjs';

export interface LeftoverDeps {
  readonly files: Files;
  readonly clock: Clock;
}

/** Ends them, politely first, and resolves when none is left. */
export async function endLeftovers(basePath: string, haproxy: string, deps: LeftoverDeps): Promise<void> {
  const { clock } = deps;
  const programs = new Set([basename(haproxy), 'keepalived']);
  const proxy = (await readProxyRecord(deps.files, join(basePath, 'prometheus-proxy.json')))?.process.pid;
  const left = (): readonly number[] =>
    processes().filter((pid) => isBelow(pid, basePath, programs) || (pid === proxy && isProxy(pid)));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of left()) signalQuietly(pid, signal);
    const deadlineMs = clock.monotonic() + politeMs;
    while (left().length > 0 && clock.monotonic() < deadlineMs) await clock.sleep(lookEveryMs);
  }
  const immortal = left();
  if (immortal.length > 0) throw new Error(`processes that do not end: ${immortal.join(', ')}`);
}

function processes(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
}

function isBelow(pid: number, basePath: string, programs: ReadonlySet<string>): boolean {
  const [program = '', ...args] = argumentsOf(pid);
  return programs.has(basename(program)) && args.some((arg) => arg.startsWith(`${basePath}/`));
}

function isProxy(pid: number): boolean {
  return argumentsOf(pid).some((arg) => basename(arg) === proxyProgram);
}

/** Empty for zombies, which are as good as gone. */
function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile.
  }
}
