// One listener's keepalived, health checkers only: started, reloaded and proven to do its work. It starts "successfully"
// over a living pid file and on a kernel without ip_vs, so that nothing it says counts: the process lives, its pid file
// is there, and the kernel has its services. Source: contract/vrrp.md, pitfalls 2 to 5; keepalived(8).

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import { AgentError, isAgentError } from '../model/errors';
import type { ServiceProcess, ServiceSpec, Supervisor } from '../supervisor/service';
import { lvsConfinement } from './confinement';
import { serviceKey } from './ipvs';
import { findKeepalived, inheritedKeepalived } from './inherited';
import type { KernelLvs } from './kernel';
import type { LvsConfig } from './lvs-config';
import type { LvsPaths } from './paths';
import { markLog } from './printed';

/** What is needed to run one listener's keepalived. */
export interface KeepalivedJob {
  readonly id: string;
  readonly paths: LvsPaths;
  /** What the text at `paths.live` says. */
  readonly config: LvsConfig;
}

/** What names a listener's keepalived, whatever it serves. */
export type KeepalivedName = Pick<KeepalivedJob, 'id' | 'paths'>;

export interface KeepalivedProcess {
  /** Starts it and resolves once the kernel has its services. Throws `reload-failed` with what keepalived printed; nothing then runs. */
  start(job: KeepalivedJob): Promise<ServiceProcess>;
  /** Has it read its file again. Throws `reload-failed` with what keepalived printed when it has ended over that. */
  reload(job: KeepalivedJob, process: ServiceProcess): Promise<void>;
  /** Ends it, which takes its services out of the kernel. Throws `reload-failed` when it does not even end when killed. */
  stop(name: KeepalivedName, process: ServiceProcess): Promise<void>;
  /** Finds the living one: the recorded one, else the one that its pid file names. */
  adopt(name: KeepalivedName, recorded: ServiceProcess | undefined): Promise<ServiceProcess | undefined>;
}

export interface KeepalivedProcessDeps {
  readonly supervisor: Supervisor;
  readonly files: Files;
  readonly clock: Clock;
  readonly kernel: Pick<KernelLvs, 'table'>;
  readonly binary: string;
  /** `ip netns exec <ns>` as argv, empty for the host's own namespace. */
  readonly through: readonly string[];
}

const pollMs = 20;
/** A living keepalived that takes longer, because every check of its members failed at once, is up all the same. */
const settleMs = 5_000;
const stopGraceMs = 10_000;

/** Makes the driver of keepalived processes. */
export function createKeepalivedProcess(deps: KeepalivedProcessDeps): KeepalivedProcess {
  const { supervisor, files } = deps;

  function specOf({ id, paths }: KeepalivedName): ServiceSpec {
    const file = ['-f', paths.live];
    const pid = ['-p', paths.pidFile];
    const argv = [deps.binary, '-n', '-l', '-D', '-C', ...file, ...pid, '-c', paths.checkersPidFile];
    const name = `keepalivedlvs-${id}`;
    const confinement = lvsConfinement(paths.directory);
    return { name, through: deps.through, argv, marks: [['-C'], file, pid], logPath: paths.log, confinement };
  }

  return {
    async start(job) {
      const printed = await markLog(files, job.paths.log);
      // A pid file that names any living process would keep it from starting.
      await removePidFiles(files, job.paths);
      const { process } = await supervisor.start(specOf(job));
      if (await serves(deps, job, process)) return process;
      await supervisor.stop(process, 0);
      throw failure('starting', await printed());
    },

    async reload(job, process) {
      const printed = await markLog(files, job.paths.log);
      const sent = await supervisor.reload(process, 'SIGHUP');
      // One of Octavia's agent tells syslog.
      const isSilent = await supervisor.isOurs(inheritedKeepalived(specOf(job), job.paths), process);
      const hasBegun = async (): Promise<boolean> => isSilent || (await printed()).includes('Reloading ...');
      if (sent && (await serves(deps, job, process, hasBegun))) return;
      throw failure('reloading', await printed());
    },

    async stop({ paths }, process) {
      await end(supervisor, process);
      await removePidFiles(files, paths);
    },

    adopt: (name, recorded) => findKeepalived(deps, specOf(name), name.paths, recorded),
  };
}

async function end(supervisor: Supervisor, process: ServiceProcess): Promise<void> {
  try {
    await supervisor.stop(process, stopGraceMs);
  } catch (cause) {
    if (!isAgentError(cause, 'timeout')) throw cause;
    throw new AgentError('reload-failed', 'Error stopping keepalived', { detail: cause.message, cause });
  }
}

async function removePidFiles(files: Files, { pidFile, checkersPidFile }: LvsPaths): Promise<void> {
  for (const path of [pidFile, checkersPidFile]) await files.remove(path);
}

/** False when it has ended. */
async function serves(
  { supervisor, files, clock, kernel }: KeepalivedProcessDeps,
  { paths, config }: KeepalivedJob,
  process: ServiceProcess,
  hasBegun: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<boolean> {
  // keepalived ignores a service without members.
  const wanted = config.services
    .filter(({ members }) => members.length > 0)
    .map((service) => serviceKey(config.protocol, service));
  const isThere = async (): Promise<boolean> => {
    if (!(await hasBegun()) || (await files.stat(paths.pidFile)) === undefined) return false;
    if (wanted.length === 0) return true;
    const table = await kernel.table(process.pid);
    return table !== undefined && wanted.every((key) => table.has(key));
  };
  const deadline = clock.monotonic() + settleMs;
  while (await supervisor.isAlive(process)) {
    if ((await isThere()) || clock.monotonic() >= deadline) return true;
    await clock.sleep(pollMs);
  }
  return false;
}

function failure(doing: 'starting' | 'reloading', printed: string): AgentError {
  const reason = /Can't initialize ipvs/i.test(printed)
    ? 'this kernel has no ip_vs: load the module ip_vs, or use a kernel that has it\n'
    : '';
  return new AgentError('reload-failed', `Error ${doing} keepalived`, {
    detail: `${reason}${printed === '' ? 'keepalived ended without a word' : printed}`,
  });
}
