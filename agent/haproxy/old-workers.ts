// Workers that a reload has replaced and that stay for their sessions: which there are, and how one of them is asked
// to end. Sources: HAProxy 2.6 management guide, 9.4 "show proc"; 9.3 "show info"; proc_pid_stat(5).

import type { Files } from '../host/files';
import type { ProcessRunner } from '../host/process';
import type { UnixSockets } from '../host/sockets';
import type { HaproxyPaths } from './paths';
import { createRuntimeClient, ifAnswered, type RuntimeClient } from './runtime/client';
import { showInfo } from './runtime/show-info';
import { showProc, type ProcessGroup } from './runtime/show-proc';

/** A worker of an earlier configuration. */
export interface OldWorker {
  readonly pid: number;
  /** Seconds since it was started. */
  readonly ageS: number;
  /** Connections of clients that it still serves; undefined when it does not answer. */
  readonly sessions: number | undefined;
  /** True when it takes no new connections and has none left. */
  readonly isIdle: boolean;
}

export interface OldWorkerControl {
  /** Lists them, the oldest first; undefined when the master does not answer. */
  list(paths: HaproxyPaths): Promise<readonly OldWorker[] | undefined>;
  /** Ends one of them (SIGTERM), when it is proven to be an idle old worker of this very master; else false, and nothing is sent. */
  end(paths: HaproxyPaths, masterPid: number, pid: number): Promise<boolean>;
}

export interface OldWorkerDeps {
  readonly files: Files;
  readonly runner: ProcessRunner;
  readonly sockets: UnixSockets;
}

/** Makes the control. */
export function createOldWorkerControl({ files, runner, sockets }: OldWorkerDeps): OldWorkerControl {
  const clientOf = (paths: HaproxyPaths): RuntimeClient => createRuntimeClient(sockets, paths.masterSocket);

  // The kernel gives pids away again: only the command line and the parent tell whose one is.
  async function isChild(paths: HaproxyPaths, masterPid: number, pid: number): Promise<boolean> {
    const identity = await runner.identify(pid);
    if (identity === undefined || identity.state === 'Z' || identity.state === 'X') return false;
    const has = (option: string, value: string): boolean =>
      identity.argv.some((word, at) => word === option && identity.argv[at + 1] === value);
    if (!has('-p', paths.pidFile) || !has('-S', `${paths.masterSocket},mode,600`)) return false;
    return (await parentOf(files, pid)) === masterPid;
  }

  return {
    async list(paths) {
      const client = clientOf(paths);
      const group = await ifAnswered(() => showProc(client));
      if (group === undefined) return undefined;
      const found = await Promise.all(group.oldWorkers.map((worker) => look(client, worker)));
      return found.sort((a, b) => b.ageS - a.ageS || a.pid - b.pid);
    },

    async end(paths, masterPid, pid) {
      const client = clientOf(paths);
      const group = await ifAnswered(() => showProc(client));
      const worker = group?.oldWorkers.find((old) => old.pid === pid);
      if (group?.masterPid !== masterPid || worker === undefined) return false;
      if (!(await look(client, worker)).isIdle || !(await isChild(paths, masterPid, pid))) return false;
      return runner.signal(pid, 'SIGTERM');
    },
  };
}

async function look(
  client: RuntimeClient,
  { pid, ageS }: ProcessGroup['oldWorkers'][number],
): Promise<OldWorker> {
  const info = await ifAnswered(() => showInfo(client, pid));
  if (Number(info?.get('Pid')) !== pid) return { pid, ageS, sessions: undefined, isIdle: false };
  const sessions = Number(info?.get('CurrConns') ?? NaN);
  return { pid, ageS, sessions, isIdle: sessions === 0 && info?.get('Stopping') === '1' };
}

/** Field 4 of /proc/<pid>/stat; the name in parentheses before it may hold anything. */
async function parentOf(files: Files, pid: number): Promise<number | undefined> {
  const stat = await files.readHostText(`/proc/${pid}/stat`);
  const fields = stat
    ?.slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  return fields?.[1] === undefined ? undefined : Number(fields[1]);
}
