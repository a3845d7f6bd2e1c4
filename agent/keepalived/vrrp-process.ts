// The keepalived of the pair: VRRP only, proven to do its work. It answers 0 over a living pid file and drops its
// instance with the VIP on a reload of a broken file, so that nothing it says counts: it lives, its pid files are there,
// and each instance has told its state. Killed, it leaves its addresses behind. Source: contract/vrrp.md, pitfalls 2 to 6.
//
// INVARIANTS:
// - what keepalived reads (`paths.live`) was checked as a copy first, and `paths.lastGood` has come up before;
// - a pid is trusted only together with the command line that has our files.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import { AgentError, isAgentError } from '../model/errors';
import type { VrrpState } from '../model/vrrp';
import type { ServiceProcess, ServiceSpec, Supervisor } from '../supervisor/service';
import type { KeepalivedCheck } from './check';
import { vrrpConfinement } from './confinement';
import { findKeepalived, inheritedKeepalived } from './inherited';
import { inLinesOfUpload, type LiveText } from './live-text';
import { markLog } from './printed';
import type { VrrpAddresses } from './vrrp-addresses';
import { readVrrpConfig } from './vrrp-config';
import { vrrpLiveText } from './vrrp-live';
import type { VrrpPaths } from './vrrp-paths';
import { overallState, type VrrpStates } from './vrrp-states';

export interface VrrpProcess {
  /** Has keepalived judge a text that has passed the policy, inside its namespace. Throws `config-rejected` with its words, by the lines of the text; `unavailable`, `timeout`. */
  check(text: string): Promise<void>;
  /** Checks a text, starts keepalived on it and resolves once every instance has told its state. Throws `config-rejected` or `reload-failed`; nothing then runs. */
  start(text: string): Promise<ServiceProcess>;
  /** Checks a text and has the living process read it. Throws `config-rejected`, and nothing was touched; or `reload-failed`, and it reads the last good text again. */
  reload(text: string, process: ServiceProcess): Promise<void>;
  /** Ends it, and resolves when its addresses are gone. Throws `reload-failed` when it does not even end when killed. */
  stop(process: ServiceProcess): Promise<void>;
  /** Finds the living one: the recorded one, else the one that its pid file names. */
  adopt(recorded: ServiceProcess | undefined): Promise<ServiceProcess | undefined>;
  /** Tells the state of a living process: what its instances have told, else by whether it holds its addresses. Undefined when it has ended. */
  observe(process: ServiceProcess): Promise<VrrpState | undefined>;
  /** Takes away the addresses that a keepalived which was killed has left: call it before every start that nobody asked for, and once when none is found at the agent's start. */
  cleanUp(): Promise<void>;
}

export interface VrrpProcessDeps {
  readonly supervisor: Supervisor;
  readonly files: Files;
  readonly clock: Clock;
  readonly check: KeepalivedCheck;
  readonly states: VrrpStates;
  readonly addresses: VrrpAddresses;
  readonly paths: VrrpPaths;
  readonly binary: string;
  /** `ip netns exec <ns>` as argv, empty for the host's own namespace. */
  readonly through: readonly string[];
}

const pollMs = 20;
const settleMs = 2_000;
const reloadMs = 5_000;
const stopGraceMs = 3_000;
// It writes a line for each address before it says that it is through.
const mostReloadBytes = 1024 * 1024;
const privateMode = 0o600;

/** Makes the driver of the pair's keepalived. */
export function createVrrpProcess(deps: VrrpProcessDeps): VrrpProcess {
  const { supervisor, files, paths, states, addresses } = deps;
  const spec = specOf(deps);
  return {
    check: (text) => checkLive(deps, vrrpLiveText(text, paths)),
    start: (text) => start(deps, spec, vrrpLiveText(text, paths)),
    async reload(text, process) {
      const live = vrrpLiveText(text, paths);
      const isInherited = await supervisor.isOurs(inheritedKeepalived(spec, paths), process);
      return isInherited ? reloadInherited(deps, live, process) : reload(deps, live, process);
    },

    async stop(process) {
      const texts = await liveTexts(deps);
      try {
        await supervisor.stop(process, stopGraceMs);
      } catch (cause) {
        if (!isAgentError(cause, 'timeout')) throw cause;
        throw new AgentError('reload-failed', 'Failed to stop keepalived', { detail: cause.message, cause });
      }
      await removePidFiles(deps);
      await addresses.release(texts);
    },

    adopt: (recorded) => findKeepalived(deps, spec, paths, recorded),

    async observe(process) {
      if (!(await supervisor.isAlive(process))) return undefined;
      const told = overallState(await states.read());
      if (told !== undefined) return told;
      return (await addresses.holdsAll((await files.readText(paths.live)) ?? '')) ? 'MASTER' : 'BACKUP';
    },

    cleanUp: async () => addresses.removeAll(await liveTexts(deps)),
  };
}

async function start(deps: VrrpProcessDeps, spec: ServiceSpec, live: LiveText): Promise<ServiceProcess> {
  const { supervisor, files, paths, states, addresses } = deps;
  await checkLive(deps, live);
  await files.writeAtomic(paths.live, live.text, privateMode);
  // A pid file that names any living process would keep it from starting, and from saying so.
  await removePidFiles(deps);
  // After a reboot, in containers at every start, it may get the pid of one that has told something.
  await files.remove(paths.notifyLog);
  const printed = await markLog(files, paths.log);
  const { process } = await supervisor.start(spec);
  const isUp = async (): Promise<boolean> =>
    (await files.stat(paths.pidFile)) !== undefined && (await states.haveAll(instancesOf(live.text)));
  if (await waitFor(deps, process, isUp, settleMs)) {
    await files.writeAtomic(paths.lastGood, live.text, privateMode);
    return process;
  }
  await supervisor.stop(process, stopGraceMs);
  await removePidFiles(deps);
  await addresses.removeAll([live.text]);
  throw failure('start', live.renumber(await printed()));
}

async function reload(deps: VrrpProcessDeps, live: LiveText, process: ServiceProcess): Promise<void> {
  const { files, paths, addresses } = deps;
  await checkLive(deps, live);
  const before = await files.readText(paths.lastGood);
  const printed = await markLog(files, paths.log);
  if (await reads(deps, live.text, process)) {
    await files.writeAtomic(paths.lastGood, live.text, privateMode);
    if (before !== undefined) await addresses.removeDropped(before, live.text);
    return;
  }
  const said = live.renumber(await printed());
  if (before !== undefined) await reads(deps, before, process);
  throw failure('reload', said);
}

/** One of Octavia's agent reads the upload itself, and tells syslog: that it lives is all that can be seen. */
async function reloadInherited(
  deps: VrrpProcessDeps,
  live: LiveText,
  process: ServiceProcess,
): Promise<void> {
  const { supervisor, files, paths } = deps;
  await checkLive(deps, live);
  await files.writeAtomic(paths.live, live.text, privateMode);
  if (await supervisor.reload(process, 'SIGHUP')) return;
  throw failure('reload', `keepalived (pid ${process.pid}) has ended`);
}

/** Has a living process read a text; false when it has ended, or has not come up with it. */
async function reads(deps: VrrpProcessDeps, text: string, process: ServiceProcess): Promise<boolean> {
  const { supervisor, files, paths, states } = deps;
  await files.writeAtomic(paths.live, text, privateMode);
  const printed = await markLog(files, paths.log);
  if (!(await supervisor.reload(process, 'SIGHUP'))) return false;
  const isDone = async (): Promise<boolean> =>
    /Reload (?:complete|finished)/.test(await printed(mostReloadBytes)) &&
    (await states.haveAll(instancesOf(text)));
  return waitFor(deps, process, isDone, reloadMs);
}

async function checkLive({ files, paths, check }: VrrpProcessDeps, live: LiveText): Promise<void> {
  if (instancesOf(live.text).length === 0) {
    throw new AgentError('config-rejected', 'keepalived would have nothing to do', {
      detail: 'there is no vrrp_instance',
    });
  }
  await files.writeAtomic(paths.candidate, live.text, privateMode);
  const named = (words: string): string => words.replaceAll(paths.candidate, paths.config);
  try {
    await inLinesOfUpload(live, () => check(paths.candidate), named);
  } finally {
    await files.remove(paths.candidate);
  }
}

function specOf({ binary, through, paths }: VrrpProcessDeps): ServiceSpec {
  const file = ['-f', paths.live];
  const pid = ['-p', paths.pidFile];
  const argv = [binary, '-n', '-l', '-D', '-G', '-P', ...file, ...pid, '-r', paths.vrrpPidFile];
  const confinement = vrrpConfinement(paths.directory);
  const marks = [['-P'], file, pid];
  return { name: 'keepalived-vrrp', through, argv, marks, logPath: paths.log, confinement };
}

function instancesOf(text: string): readonly string[] {
  return readVrrpConfig(text).instances.map(({ name }) => name);
}

async function liveTexts({ files, paths }: VrrpProcessDeps): Promise<readonly string[]> {
  const texts = [await files.readText(paths.live), await files.readText(paths.lastGood)];
  return texts.filter((text) => text !== undefined);
}

async function removePidFiles({ files, paths }: VrrpProcessDeps): Promise<void> {
  for (const path of [paths.pidFile, paths.vrrpPidFile]) await files.remove(path);
}

/** False when it has ended, or time is over. */
async function waitFor(
  { supervisor, clock }: VrrpProcessDeps,
  process: ServiceProcess,
  isThere: () => Promise<boolean>,
  ms: number,
): Promise<boolean> {
  const deadline = clock.monotonic() + ms;
  while (await supervisor.isAlive(process)) {
    if (await isThere()) return true;
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(pollMs);
  }
  return false;
}

function failure(action: 'start' | 'reload', printed: string): AgentError {
  return new AgentError('reload-failed', `Failed to ${action} keepalived`, {
    detail: printed === '' ? 'keepalived said nothing' : printed,
  });
}
