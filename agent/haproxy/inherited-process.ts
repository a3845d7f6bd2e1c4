// The verbs on haproxy process groups, for those as well that Octavia's own agent has started and left running: adopted
// as they are, asked by the socket that they have, and replaced by a group of ours at their next reload.
// Sources: Octavia's unit of haproxy (`haproxy -Ws -f <config> -f <account> -p <pid file> -L <peer>`), DESIGN "Adopt".
//
// INVARIANT: such a group is adopted only while its pid file names it: one that has handed over never is again.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { ProcessRunner } from '../host/process';
import type { Log } from '../host/log';
import type { UnixSockets } from '../host/sockets';
import type { FormerUnits } from '../supervisor/former-units';
import type { ServiceProcess, Supervisor } from '../supervisor/service';
import { createHandOver, pidIn } from './hand-over';
import { inheritedSpec, inheritedUnit, type InheritedGroups } from './inherited';
import type { HaproxyPaths } from './paths';
import type { HaproxyJob, HaproxyProcess } from './process';
import { createWorkerClient, ifAnswered } from './runtime/client';
import { showInfo } from './runtime/show-info';
import { createExposeListeners } from './take-over';

export interface TakenOver {
  readonly process: ServiceProcess;
  /** Has the old group end with its last session. */
  finish(): Promise<void>;
  /** Ends what was started; the old group serves on alone. */
  abandon(): Promise<void>;
}

/** What is done with groups of Octavia's agent, and with no others. */
export interface TakeOver {
  /** Tells whether Octavia's agent has started the group that was adopted. */
  isInherited(paths: HaproxyPaths): boolean;
  /** Starts a group of ours on the ports of the old one: both serve until `finish`. `exposed` is awaited when the old one was reloaded for that. Throws `reload-failed`; the old one then goes on. */
  takeOver(job: HaproxyJob, old: ServiceProcess, exposed: () => Promise<void>): Promise<TakenOver>;
  /** Finishes the hand-over that a killed agent had begun, or takes it back when our group does not come up; gives our group. Nothing for a recorded process that is not such an old group. */
  finishTakeOver(job: HaproxyJob, recorded: ServiceProcess): Promise<ServiceProcess | undefined>;
}

export type AnyHaproxyProcess = HaproxyProcess & TakeOver;

export interface InheritedProcessDeps {
  readonly haproxy: HaproxyProcess;
  readonly inherited: InheritedGroups;
  readonly formerUnits: FormerUnits;
  readonly supervisor: Supervisor;
  readonly runner: Pick<ProcessRunner, 'identify'>;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  /** As they are. */
  readonly directSockets: UnixSockets;
  readonly binary: string;
  /** Of haproxy's account. */
  readonly group: string;
}

const stopGraceMs = 10_000;

/** Makes the driver over that of our own groups. */
export function createInheritedProcess(deps: InheritedProcessDeps): AnyHaproxyProcess {
  const { haproxy, inherited, formerUnits, supervisor } = deps;
  const asked = inherited.over(deps.directSockets);
  const expose = createExposeListeners({ ...deps, sockets: deps.directSockets });
  const handOver = createHandOver(deps);
  const info = (paths: HaproxyPaths) =>
    ifAnswered(() => showInfo(createWorkerClient(asked, paths.masterSocket)));

  return {
    ...haproxy,
    isInherited: (paths) => inherited.of(paths) !== undefined,

    async adopt(job, recorded) {
      const { paths } = job;
      const own = await haproxy.adopt(job, recorded);
      const found = own === undefined ? await find(deps, paths, recorded) : undefined;
      if (found === undefined) inherited.forget(paths);
      else inherited.note(paths, found);
      return own ?? found;
    },

    async takeOver(job, old, exposed) {
      await expose(job.paths, old);
      await exposed();
      const process = await handOver.startBeside(job, old);
      return {
        process,
        abandon: () => handOver.abandon(job.paths, old, process),
        async finish() {
          inherited.forget(job.paths);
          await handOver.finish(job.paths, old);
        },
      };
    },

    finishTakeOver: (job, recorded) => handOver.resume(job, recorded),

    async start(job) {
      // systemd may be about to bring the old one up, at a boot or after a crash: both would have the ports.
      await formerUnits.giveWay(inheritedUnit(job.paths));
      return haproxy.start(job);
    },

    async stop(job, process) {
      // systemd would take the end of one that is only signalled for a crash.
      await formerUnits.stop(inheritedUnit(job.paths));
      const old = handOver.finishing(job.paths);
      if (old !== undefined) await supervisor.stop(old, stopGraceMs);
      inherited.forget(job.paths);
      await haproxy.stop(job, process);
    },

    async pids(paths) {
      const own = await haproxy.pids(paths);
      const master = inherited.of(paths);
      if (master === undefined) return own;
      return [...own, master.pid, ...(await childrenOf(deps, master))];
    },

    info,

    async answers(paths) {
      if (inherited.of(paths) === undefined) return haproxy.answers(paths);
      return (await info(paths))?.has('Pid') === true;
    },
  };
}

async function find(
  { supervisor, files, binary }: InheritedProcessDeps,
  paths: HaproxyPaths,
  recorded: ServiceProcess | undefined,
): Promise<ServiceProcess | undefined> {
  const pid = await pidIn(files, paths);
  if (pid === undefined) return undefined;
  const spec = inheritedSpec(binary, paths);
  if (recorded?.pid === pid && (await supervisor.isOurs(spec, recorded))) return recorded;
  return supervisor.recognise(spec, pid);
}

/** The workers of a master: the stats socket is shared during a hand-over, and does not tell whose answer it gives. */
async function childrenOf(
  { files }: InheritedProcessDeps,
  { pid }: ServiceProcess,
): Promise<readonly number[]> {
  const text = (await files.readHostText(`/proc/${pid}/task/${pid}/children`)) ?? '';
  return text
    .split(' ')
    .map(Number)
    .filter((each) => each > 1);
}
