// The second half of a hand-over from a group of Octavia's agent to one of ours: ours beside it, the old one's end, and
// the way back; also of a hand-over that a killed agent had begun. Sources: as for ./take-over.
//
// INVARIANT: an old group is asked to finish only when ours serves.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import { messageOf } from '../model/errors';
import type { FormerUnits } from '../supervisor/former-units';
import type { ServiceProcess, Supervisor } from '../supervisor/service';
import { inheritedSpec, inheritedUnit } from './inherited';
import type { HaproxyPaths } from './paths';
import type { HaproxyJob, HaproxyProcess } from './process';

export interface HandOver {
  /** Starts ours on the listening sockets of the old one. Throws `reload-failed`; the old one then serves on alone. */
  startBeside(job: HaproxyJob, old: ServiceProcess): Promise<ServiceProcess>;
  /** Has the old one end with its last session, and systemd not bring it back. */
  finish(paths: HaproxyPaths, old: ServiceProcess): Promise<void>;
  /** The old one that was to finish and may still have sessions; undefined when this agent knows of none. */
  finishing(paths: HaproxyPaths): ServiceProcess | undefined;
  /** Ends ours; the old one serves on alone. */
  abandon(paths: HaproxyPaths, old: ServiceProcess, started: ServiceProcess): Promise<void>;
  /** Finishes what a killed agent, or a full disk, has left undone, or takes it back when ours does not come up; gives ours. */
  resume(job: HaproxyJob, recorded: ServiceProcess): Promise<ServiceProcess | undefined>;
}

export interface HandOverDeps {
  readonly haproxy: HaproxyProcess;
  readonly formerUnits: FormerUnits;
  readonly supervisor: Supervisor;
  readonly runner: Pick<ProcessRunner, 'identify'>;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly binary: string;
}

const finishPollMs = 1_000;
const abandonGraceMs = 2_000;
const comeUpMs = 50_000;
const comeUpPollMs = 20;

type Finish = HandOver['finish'];

/** Makes the steps; nothing of them outlives the agent but what is on disk. */
export function createHandOver(deps: HandOverDeps): HandOver {
  const finishing = new Map<string, ServiceProcess>();
  const finish: Finish = async (paths, old) => {
    const unit = inheritedUnit(paths);
    finishing.set(paths.directory, old);
    await deps.formerUnits.letEnd(unit);
    await deps.supervisor.reload(old, 'SIGUSR1');
    void settleWhenGone(deps, unit, old).then(() => finishing.delete(paths.directory));
  };
  return {
    finish,
    finishing: ({ directory }) => finishing.get(directory),
    startBeside: (job, old) => startBeside(deps, job, old),
    abandon: (paths, old, started) => abandon(deps, paths, old, started),
    resume: (job, recorded) => resume(deps, finish, job, recorded),
  };
}

/** The pid that the pid file names, whoever has it. */
export async function pidIn(files: Files, { pidFile }: HaproxyPaths): Promise<number | undefined> {
  const pid = Number((await files.readText(pidFile))?.trim());
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

async function abandon(
  { supervisor, files }: HandOverDeps,
  paths: HaproxyPaths,
  old: ServiceProcess,
  started: ServiceProcess,
): Promise<void> {
  await supervisor.stop(started, abandonGraceMs);
  await giveBack(files, paths, old);
}

async function startBeside(
  { haproxy, files }: HandOverDeps,
  job: HaproxyJob,
  old: ServiceProcess,
): Promise<ServiceProcess> {
  try {
    return await haproxy.start({ ...job, listenersFrom: job.paths.adminSocket });
  } catch (thrown) {
    await giveBack(files, job.paths, old);
    throw thrown;
  }
}

async function resume(
  deps: HandOverDeps,
  finish: Finish,
  job: HaproxyJob,
  recorded: ServiceProcess,
): Promise<ServiceProcess | undefined> {
  const { haproxy, supervisor, runner, files, clock } = deps;
  const { paths } = job;
  if (!(await supervisor.isOurs(inheritedSpec(deps.binary, paths), recorded))) return undefined;
  const pid = await pidIn(files, paths);
  if (pid === undefined || pid === recorded.pid) return undefined;
  const startTicks = (await runner.identify(pid))?.startTicks ?? '0';
  // A pid in a file proves nothing: by now it may be anybody's.
  const ours = await haproxy.adopt(job, { pid, startTicks, bootId: recorded.bootId });
  const deadline = clock.monotonic() + comeUpMs;
  // Its master's socket is there only when it has read its files.
  while (ours !== undefined && (await supervisor.isAlive(ours)) && clock.monotonic() < deadline) {
    if (await haproxy.answers(paths)) {
      await finish(paths, recorded);
      return ours;
    }
    await clock.sleep(comeUpPollMs);
  }
  if (ours !== undefined) await supervisor.stop(ours, 0);
  await giveBack(files, paths, recorded);
  return undefined;
}

/** Ours writes its pid file before it serves. The stats socket stays: it is the old group's, too. */
async function giveBack(
  files: Files,
  { pidFile, masterSocket }: HaproxyPaths,
  old: ServiceProcess,
): Promise<void> {
  await files.remove(masterSocket);
  await files.writeAtomic(pidFile, `${old.pid}\n`, 0o600);
}

/** A process that stays for a long session keeps its unit from being restarted for as long. */
async function settleWhenGone(
  { supervisor, clock, formerUnits, log }: HandOverDeps,
  unit: string,
  old: ServiceProcess,
): Promise<void> {
  try {
    while (await supervisor.isAlive(old)) await clock.sleep(finishPollMs);
    log.info('the haproxy of the former agent has ended', { unit, pid: old.pid });
    await formerUnits.settle(unit);
  } catch (thrown) {
    log.warning('the unit of the former agent is not settled', { unit, error: messageOf(thrown) });
  }
}
