// The ACTIVATE door: makes a process group follow a text, or leaves everything as it was. The steps are those that
// DESIGN "Two doors for change" draws, and docs/apply.md names: candidate, check, reserve, swap, verify, undo.
//
// INVARIANTS:
// - callers hold the gate of the load balancer;
// - until the swap nothing that haproxy reads has changed; after a failure it reads what it read before;
// - `running.cfg` is written only when every bind is proven to be ours.

import { dirname } from 'node:path';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { readBinds } from '../haproxy/binds';
import type { ConfigCheck } from '../haproxy/check';
import { readSections } from '../haproxy/config/sections';
import { effectiveConfig, type EffectiveConfig, type OverlayOptions } from '../haproxy/overlay';
import { configFiles, type HaproxyPaths } from '../haproxy/paths';
import type { AnyHaproxyProcess, TakenOver } from '../haproxy/inherited-process';
import type { HaproxyJob, HaproxyProcess } from '../haproxy/process';
import { namesHosts, namesServersState } from '../haproxy/server-lines';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import type { Bind } from '../model/bind';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import type { BindProof } from './bind-proof';
import { checkCandidate } from './candidate';
import type { DescriptorWatch } from './descriptors';
import type { ListenerRegistry } from './listener-registry';
import type { OperatorState } from './operator-state';
import type { PolicyGuard } from './policy-guard';
import { recordRun, sameRun, type RunRecord } from './run-record';
import type { KeptServers } from './runtime/kept-servers';

export interface ActivationInput {
  readonly id: LoadBalancerId;
  readonly paths: HaproxyPaths;
  readonly text: string;
  readonly peer: string;
  /** The living group; undefined: start one. */
  readonly living: ServiceProcess | undefined;
  /** What that group was started from, when it is known. */
  readonly running: RunRecord | undefined;
  /** Awaited when haproxy is about to be asked to read again: what it runs is in doubt until that is recorded. */
  readonly doubt: () => Promise<void>;
}

export interface Activated {
  readonly process: ServiceProcess;
  readonly running: RunRecord;
  /** False: haproxy would have read what it had read, so it was left alone. */
  readonly changed: boolean;
}

/** Makes the group follow the text. Throws `reload-failed` with what haproxy or the agent found; the state before then stands. */
export type Activate = (input: ActivationInput) => Promise<Activated>;

export interface ActivationDeps {
  readonly files: Files;
  readonly log: Log;
  readonly check: ConfigCheck;
  readonly guard: PolicyGuard;
  readonly haproxy: AnyHaproxyProcess;
  readonly registry: ListenerRegistry;
  readonly proof: BindProof;
  readonly descriptors: DescriptorWatch;
  readonly operatorState: OperatorState;
  readonly keptServers: Pick<KeptServers, 'carry' | 'settle'>;
  /** Takes a last sample of what the present worker has counted. Never throws. */
  readonly lastSample: (id: LoadBalancerId) => Promise<void>;
  readonly binary: string;
  /** Read at each change: log sockets come and go. */
  readonly overlayOptions: () => Promise<OverlayOptions>;
}

const mode = 0o600;

/** Makes the door. */
export function createActivate(deps: ActivationDeps): Activate {
  return async (input) => {
    const failure = `Error ${input.living === undefined ? 'start' : 'reload'}ing haproxy`;
    refuseOtherPeer(input, failure);
    const plain = effectiveConfig(input.text, input.paths, await deps.overlayOptions());
    const carried = await deps.keptServers.carry(input.paths, plain, (each) =>
      asFailure(failure, () => candidate(deps, input, each)),
    );
    const { effective, checked: record } = carried;
    if (input.living !== undefined && (await isUnchanged(deps, input, record, effective))) {
      await deps.keptServers.settle(input.paths, carried.kept);
      return { process: input.living, running: record, changed: false };
    }
    const binds = await asFailure(failure, () => Promise.resolve(readBinds(input.text, record.peer)));
    const reservation = deps.registry.reserve(input.id, binds, failure);
    let process: ServiceProcess;
    try {
      if (input.living !== undefined) await deps.proof.refuseTaken(input.paths, binds, failure);
      process = await swap(deps, input, effective, binds, failure);
      reservation.commit();
    } catch (thrown) {
      reservation.cancel();
      throw thrown;
    }
    await deps.keptServers.settle(input.paths, carried.kept);
    await deps.descriptors.look(input.id, input.paths);
    return { process, running: record, changed: true };
  };
}

/** The name that the master has as `-L`: it keeps the arguments that it was started with. */
function peerOf({ living, running, peer }: ActivationInput): string {
  return living === undefined ? peer : (running?.peer ?? peer);
}

/** Without `peers` sections the name stands for nothing, and the one that the master has will do. */
function refuseOtherPeer(input: ActivationInput, failure: string): void {
  const has = peerOf(input);
  if (has === input.peer || !readSections(input.text).some(({ keyword }) => keyword === 'peers')) return;
  throw new AgentError('reload-failed', failure, {
    detail: `haproxy runs with the peer name "${has}", which a reload does not change to "${input.peer}": stop it and start it`,
  });
}

/** Policy and haproxy's own check on exactly what would be read: files it names may have changed since the upload. */
async function candidate(
  deps: ActivationDeps,
  input: ActivationInput,
  effective: EffectiveConfig,
): Promise<RunRecord> {
  const { files, guard, binary } = deps;
  const { id, paths, text } = input;
  const peer = peerOf(input);
  await guard.refuseFaults(id, text);
  const beside = { text: `${paths.live}.candidate`, overlay: `${paths.overlay}.candidate` };
  await checkCandidate(deps, beside, effective, peer);
  const named = await guard.filesOf(text);
  return recordRun(files, { text, overlay: effective.overlay, peer, binary, files: named });
}

async function isUnchanged(
  { files, haproxy }: ActivationDeps,
  { paths, text, running }: ActivationInput,
  record: RunRecord,
  effective: EffectiveConfig,
): Promise<boolean> {
  // What the former agent has had it run stands in no record of ours.
  if (running === undefined || haproxy.isInherited(paths)) return false;
  if (running.fallback === true || running.unsure === true || !sameRun(running, record)) return false;
  // The record is written last, and a full disk may have kept it from following the text.
  if ((await files.readText(paths.running)) !== text) return false;
  if ((await files.readText(paths.live)) !== effective.text) return false;
  // Names are looked up at a start, and a reload is how an operator has them looked up again.
  return !namesHosts(text) && haproxy.answers(paths);
}

async function swap(
  { files, haproxy, proof, log, operatorState, lastSample }: ActivationDeps,
  { id, paths, text, peer, living, doubt }: ActivationInput,
  effective: EffectiveConfig,
  binds: readonly Bind[],
  failure: string,
): Promise<ServiceProcess> {
  const before = await Promise.all(configFiles(paths).map((path) => files.readText(path)));
  const job = { paths, peer };
  await files.makeDirectory(dirname(paths.adminSocket), 0o700);
  let started: ServiceProcess | undefined;
  let reloaded: ServiceProcess | undefined;
  let taken: TakenOver | undefined;
  try {
    await files.writeAtomic(paths.live, effective.text, mode);
    await files.writeAtomic(paths.overlay, effective.overlay, mode);
    if (living === undefined) started = await haproxy.start(job);
    else {
      await doubt();
      await lastSample(id);
      if (haproxy.isInherited(paths)) taken = await haproxy.takeOver(job, living, () => lastSample(id));
      else {
        // The last thing before the signal: what an operator sets in between is lost.
        await operatorState.keep(id, paths, before[0] ?? '');
        await haproxy.reload(job, living, { saveServersState: namesServersState(text, paths) });
        reloaded = living;
      }
    }
    if (taken === undefined) await operatorState.reapply(id, paths);
    await proof.requireOurs(paths, binds, failure);
    await files.writeAtomic(paths.running, text, mode);
  } catch (thrown) {
    if (started !== undefined) await haproxy.stop(job, started);
    if (taken !== undefined) await taken.abandon();
    if (living !== undefined) await undo(files, paths, before);
    if (reloaded !== undefined) await goBack(haproxy, log, job, reloaded);
    if (living !== undefined) await operatorState.recover(id, paths);
    throw thrown;
  }
  await operatorState.recover(id, paths);
  await taken?.finish();
  const process = taken?.process ?? living ?? started;
  if (process === undefined) throw new AgentError('internal', 'no process after an activation');
  const done = living === undefined ? 'haproxy started' : doneTo(taken);
  log.info(done, { loadBalancer: id, pid: process.pid });
  return process;
}

function doneTo(taken: TakenOver | undefined): string {
  return taken === undefined ? 'haproxy reloaded' : 'haproxy taken over from the former agent';
}

/** Puts back what a master would read when something else made it read again. */
async function undo(
  files: Files,
  paths: HaproxyPaths,
  before: readonly (string | undefined)[],
): Promise<void> {
  for (const [index, path] of configFiles(paths).entries()) {
    const content = before[index];
    if (content !== undefined) await files.writeAtomic(path, content, mode);
  }
}

/** After a reload that haproxy did and the proof refused: the group reads what was put back. */
async function goBack(
  haproxy: HaproxyProcess,
  log: Log,
  job: HaproxyJob,
  process: ServiceProcess,
): Promise<void> {
  try {
    await haproxy.reload(job, process);
  } catch (thrown) {
    // The caller is told why the reload was refused in the first place.
    if (!isAgentError(thrown)) throw thrown;
    const { pid } = process;
    log.error('haproxy does not go back to what it ran', {
      pid,
      error: messageOf(thrown),
      detail: thrown.detail,
    });
  }
}

/** At an activation a refused configuration is the reason why the action failed, not a bad upload. */
async function asFailure<T>(message: string, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (cause) {
    if (!isAgentError(cause, 'config-rejected')) throw cause;
    throw new AgentError('reload-failed', message, {
      cause,
      ...(cause.detail === undefined ? {} : { detail: cause.detail }),
    });
  }
}
