// One load balancer's haproxy process group: master-worker in its own session, started, reloaded and proven to
// serve. 2.6's master answers nothing to `reload`, so the outcome is read from `show proc` and the worker's own
// socket. Source: DESIGN "haproxy processes", HAProxy 2.6 management guide chapter 4.

import { basename } from 'node:path';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { UnixSockets } from '../host/sockets';
import { AgentError, isAgentError } from '../model/errors';
import type { ServiceProcess, ServiceSpec, Supervisor } from '../supervisor/service';
import { haproxyConfinement } from './confinement';
import { configFiles, type HaproxyPaths } from './paths';
import { createRuntimeClient, createWorkerClient, ifAnswered } from './runtime/client';
import { showInfo } from './runtime/show-info';
import { showProc, type ProcessGroup } from './runtime/show-proc';

/** What is needed to run one load balancer's haproxy. */
export interface HaproxyJob {
  readonly paths: HaproxyPaths;
  /** Given as `-L`. */
  readonly peer: string;
  /** A socket from which a start takes the listening sockets of another group. */
  readonly listenersFrom?: string;
}

export interface HaproxyProcess {
  /** Starts the group and resolves once it serves. Throws `reload-failed` with what haproxy printed; nothing then runs. */
  start(job: HaproxyJob): Promise<ServiceProcess>;
  /** Reloads and resolves once the new worker serves. Throws `reload-failed` with what haproxy printed; the old worker then goes on. */
  reload(job: HaproxyJob, process: ServiceProcess, options?: ReloadOptions): Promise<void>;
  /** Ends the group and removes its sockets. Throws `reload-failed` when it does not even end when killed. */
  stop(job: HaproxyJob, process: ServiceProcess): Promise<void>;
  /** Finds the living group of this load balancer: the recorded one, else the one that its master socket names. */
  adopt(job: HaproxyJob, recorded: ServiceProcess | undefined): Promise<ServiceProcess | undefined>;
  /** Pids of its master and all its workers, old ones included; empty when the master does not answer. */
  pids(paths: HaproxyPaths): Promise<readonly number[]>;
  /** What the present worker says of itself (`show info`); undefined when it does not answer. */
  info(paths: HaproxyPaths): Promise<ReadonlyMap<string, string> | undefined>;
  /** Tells whether its present worker answers. */
  answers(paths: HaproxyPaths): Promise<boolean>;
}

export interface ReloadOptions {
  /** Words `show servers state` for the file that the configuration loads it from; undefined: none is written. */
  readonly saveServersState: ((table: string) => string) | undefined;
}

export interface HaproxyProcessDeps {
  readonly supervisor: Supervisor;
  readonly sockets: UnixSockets;
  readonly files: Files;
  readonly clock: Clock;
  readonly binary: string;
  /** `ip netns exec <ns>` as argv, empty for the host's own namespace. */
  readonly through: readonly string[];
}

const pollMs = 10;
const startDeadlineMs = 50_000;
const reloadDeadlineMs = 50_000;
const stopGraceMs = 10_000;
const largestLogBytes = 1024 * 1024;
// With `log stdout` traffic lines stand in the same file.
const mostPrinted = 16 * 1024;

/** Makes the driver of haproxy process groups. */
export function createHaproxyProcess(deps: HaproxyProcessDeps): HaproxyProcess {
  const { supervisor, sockets, files, clock } = deps;
  const workerPid = (paths: HaproxyPaths) => askWorkerPid(sockets, paths);
  const group = (paths: HaproxyPaths) => askGroup(sockets, paths);

  function specOf(job: HaproxyJob): ServiceSpec {
    const { paths } = job;
    const files = configFiles(paths).flatMap((path) => ['-f', path]);
    const own = ['-p', paths.pidFile, '-S', `${paths.masterSocket},mode,600`];
    // The master leaves it out when it starts itself anew.
    const taken = job.listenersFrom === undefined ? [] : ['-x', job.listenersFrom];
    const argv = [deps.binary, '-Ws', ...files, ...own, ...taken, '-L', job.peer];
    const name = `haproxy-${basename(paths.directory)}`;
    const confinement = haproxyConfinement(paths);
    return { name, through: deps.through, argv, marks: [['-Ws'], own], logPath: paths.log, confinement };
  }

  return {
    async start(job) {
      const printed = await markLog(files, job.paths);
      const { process } = await supervisor.start(specOf(job));
      const deadline = clock.monotonic() + startDeadlineMs;
      while ((await supervisor.isAlive(process)) && clock.monotonic() < deadline) {
        if ((await workerPid(job.paths)) !== undefined) return process;
        await clock.sleep(pollMs);
      }
      await supervisor.stop(process, 0);
      throw new AgentError('reload-failed', 'Error starting haproxy', { detail: await printed() });
    },

    reload: (job, process, options) => reload(deps, job, process, options),

    async stop(job, process) {
      await endGroup(supervisor, process);
      const { adminSocket, masterSocket, statsSocket, pidFile } = job.paths;
      for (const path of [adminSocket, masterSocket, statsSocket, pidFile]) await files.remove(path);
    },

    async adopt(job, recorded) {
      const spec = specOf(job);
      if (recorded !== undefined && (await supervisor.isOurs(spec, recorded))) return recorded;
      const found = await group(job.paths);
      return found === undefined ? undefined : supervisor.recognise(spec, found.masterPid);
    },

    async pids(paths) {
      const found = await group(paths);
      if (found === undefined) return [];
      return [found.masterPid, ...[...found.workers, ...found.oldWorkers].map(({ pid }) => pid)];
    },

    info: (paths) => ifAnswered(() => showInfo(createWorkerClient(sockets, paths.masterSocket))),

    async answers(paths) {
      return (await workerPid(paths)) !== undefined;
    },
  };
}

async function reload(
  deps: HaproxyProcessDeps,
  job: HaproxyJob,
  process: ServiceProcess,
  options: ReloadOptions | undefined,
): Promise<void> {
  const printed = await markLog(deps.files, job.paths);
  const words = options?.saveServersState;
  if (words !== undefined) await saveServersState(deps, job.paths, words);
  const before = await askGroup(deps.sockets, job.paths);
  const sent = before !== undefined && (await deps.supervisor.reload(process));
  if (sent && (await newWorkerServes(deps, job, process, before))) return;
  const output = await printed();
  const alive = await deps.supervisor.isAlive(process);
  const silence = !alive
    ? `haproxy process with PID ${process.pid} not found`
    : before === undefined
      ? `haproxy process with PID ${process.pid} does not answer`
      : `haproxy process with PID ${process.pid} did not serve anew within ${reloadDeadlineMs / 1_000} s`;
  throw new AgentError('reload-failed', 'Error reloading haproxy', {
    detail: output === '' ? silence : output,
  });
}

async function endGroup(supervisor: Supervisor, process: ServiceProcess): Promise<void> {
  try {
    await supervisor.stop(process, stopGraceMs);
  } catch (cause) {
    if (!isAgentError(cause, 'timeout')) throw cause;
    throw new AgentError('reload-failed', 'Error stopping haproxy', { detail: cause.message, cause });
  }
}

async function newWorkerServes(
  { sockets, supervisor, clock }: HaproxyProcessDeps,
  { paths }: HaproxyJob,
  process: ServiceProcess,
  before: ProcessGroup,
): Promise<boolean> {
  const known = new Set(before.workers.map((worker) => worker.pid));
  const deadline = clock.monotonic() + reloadDeadlineMs;
  while (clock.monotonic() < deadline && (await supervisor.isAlive(process))) {
    // The master's socket is away for a moment while the master starts itself anew.
    const now = await askGroup(sockets, paths);
    if (now !== undefined && now.reloads > before.reloads) {
      if (now.failedReloads > 0) return false;
      const worker = await askWorkerPid(sockets, paths);
      if (worker !== undefined && !known.has(worker)) return true;
    }
    await clock.sleep(pollMs);
  }
  return false;
}

/** Without the newline at its end haproxy would drop the whole state (contract/octavia-1.0.md). */
async function saveServersState(
  { sockets, files }: HaproxyProcessDeps,
  paths: HaproxyPaths,
  words: (table: string) => string,
): Promise<void> {
  const client = createWorkerClient(sockets, paths.masterSocket);
  const state = await ifAnswered(() => client.command('show servers state'));
  if (state !== undefined) await files.writeAtomic(paths.serversState, `${words(state).trimEnd()}\n`, 0o600);
}

/**
 * The pid of the present worker, when it answers. Asked through the master's socket, which knows whose answer it is:
 * the worker's own socket path may be gone, or be another's.
 */
async function askWorkerPid(sockets: UnixSockets, paths: HaproxyPaths): Promise<number | undefined> {
  const worker = (await askGroup(sockets, paths))?.workers[0]?.pid;
  if (worker === undefined) return undefined;
  const client = createRuntimeClient(sockets, paths.masterSocket);
  const pid = await ifAnswered(async () => Number((await showInfo(client, worker)).get('Pid')));
  // A worker on its way out accepts and closes without a word: that is no answer.
  return pid === worker ? pid : undefined;
}

function askGroup(sockets: UnixSockets, paths: HaproxyPaths): Promise<ProcessGroup | undefined> {
  return ifAnswered(() => showProc(createRuntimeClient(sockets, paths.masterSocket)));
}

/** Gives a reader of what haproxy has printed since now; a log grown too long is emptied first. */
async function markLog(files: Files, paths: HaproxyPaths): Promise<() => Promise<string>> {
  const size = (await files.stat(paths.log))?.size ?? 0;
  if (size > largestLogBytes) await files.truncate(paths.log);
  const mark = size > largestLogBytes ? 0 : size;
  return async () =>
    ((await files.read(paths.log)) ?? Buffer.alloc(0))
      .subarray(mark)
      .subarray(0, mostPrinted)
      .toString('utf8')
      .trim();
}
