// A connection to one worker that stays open for the worker's life. As long as it is open haproxy counts it as a job,
// so a worker that a reload has replaced stays until we have read its last figures and hang up; when the agent dies
// the kernel hangs up. Measured with 2.6.12. A connection through the master does not hold a worker: the master
// opens one for each command, and starts itself anew at every reload.

import type { ProcessRunner } from '../host/process';
import type { UnixSockets } from '../host/sockets';
import { AgentError } from '../model/errors';
import type { HaproxyPaths } from './paths';
import { createRuntimeClient } from './runtime/client';
import { toProcess } from './runtime/command';
import { createStatScanner, statCommand, type WorkerSample } from './runtime/scan-stat';
import { parseShowInfo } from './runtime/show-info';
import { showProc } from './runtime/show-proc';

/** A worker, in a way that no later process can be mistaken for it. */
export interface WorkerIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start. */
  readonly startTicks: string;
}

export interface WorkerTap {
  readonly worker: WorkerIdentity;
  /** What it says of its proxies. Throws `unavailable` when it is gone, `timeout`. */
  sample(): Promise<WorkerSample>;
  /** Whether a reload has replaced it, and how many connections of clients it has. Throws as above. */
  life(): Promise<{ readonly isReplaced: boolean; readonly connections: number }>;
  /** Lets go of it. */
  close(): void;
}

export interface TapDeps {
  readonly sockets: UnixSockets;
  readonly runner: Pick<ProcessRunner, 'glance'>;
}

const prompt = '\n> ';
const timeoutMs = 2_000;
// Longer than the longest interval of heartbeats; a connection that is silent for longer is given up by haproxy.
const idleLimit = '2h';

/** Taps the worker that serves now. Throws `unavailable` when none does, `timeout`. */
export async function tapPresentWorker(deps: TapDeps, paths: HaproxyPaths): Promise<WorkerTap> {
  const conversation = await deps.sockets.converse(paths.adminSocket, prompt);
  const ask = (command: string): Promise<string> => conversation.ask(command, timeoutMs);
  try {
    await ask('prompt');
    await ask(`set timeout cli ${idleLimit}`);
    const worker = identify(deps, Number(parseShowInfo(await ask('show info')).get('Pid')));
    const scanner = createStatScanner();
    const stat = (): Promise<WorkerSample> => conversation.read(statCommand, timeoutMs, scanner.scan);
    return { ...readerOf(ask, stat), worker, close: () => conversation.close() };
  } catch (thrown) {
    conversation.close();
    throw thrown;
  }
}

/** Reaches the workers that reloads have replaced by way of their master, without holding them. Throws `unavailable`, `timeout`. */
export async function reachOldWorkers(deps: TapDeps, paths: HaproxyPaths): Promise<readonly WorkerTap[]> {
  const ask = (command: string): Promise<string> =>
    deps.sockets.request(paths.masterSocket, command, { timeoutMs });
  const { oldWorkers } = await showProc(createRuntimeClient(deps.sockets, paths.masterSocket));
  return oldWorkers.flatMap(({ pid }) => {
    if (deps.runner.glance(pid) === undefined) return [];
    const worker = identify(deps, pid);
    const through = (command: string): Promise<string> => ask(toProcess(pid, command));
    const scanner = createStatScanner();
    const stat = async (): Promise<WorkerSample> => scanner.scan(Buffer.from(await through(statCommand)));
    return [{ ...readerOf(through, stat), worker, close: () => undefined }];
  });
}

function readerOf(
  ask: (command: string) => Promise<string>,
  sample: WorkerTap['sample'],
): Pick<WorkerTap, 'sample' | 'life'> {
  return {
    sample,
    life: async () => {
      const info = parseShowInfo(await ask('show info'));
      const connections = Number(info.get('CurrConns'));
      if (!info.has('CurrConns') || Number.isNaN(connections)) {
        throw new AgentError('unavailable', 'haproxy did not answer "show info"');
      }
      return { isReplaced: info.get('Stopping') === '1', connections };
    },
  };
}

function identify({ runner }: TapDeps, pid: number): WorkerIdentity {
  const startTicks = Number.isSafeInteger(pid) ? runner.glance(pid)?.startTicks : undefined;
  if (startTicks === undefined) throw new AgentError('unavailable', 'haproxy did not say who it is');
  return { pid, startTicks };
}
