// The ACTIVATE door: makes a process group follow a text, or leaves everything as it was. The steps are those that
// DESIGN "Two doors for change" draws, and docs/apply.md names: candidate, check, reserve, swap, verify, undo.
//
// INVARIANTS:
// - callers hold the gate of the load balancer;
// - until the swap nothing that haproxy reads has changed; core/swap has the rest of it;
// - a living group is told over its socket what it can do itself (core/runtime-activation), else reloaded.

import { readBinds } from '../haproxy/binds';
import type { ConfigCheck } from '../haproxy/check';
import { readSections } from '../haproxy/config/sections';
import { effectiveConfig, type EffectiveConfig, type OverlayOptions } from '../haproxy/overlay';
import type { HaproxyPaths } from '../haproxy/paths';
import { namesHosts } from '../haproxy/server-lines';
import { AgentError, isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import { checkCandidate } from './candidate';
import type { CheckedTexts } from './checked-texts';
import type { DescriptorWatch } from './descriptors';
import type { ListenerRegistry } from './listener-registry';
import type { PolicyGuard } from './policy-guard';
import { recordRun, sameRun, type RunRecord } from './run-record';
import type { RuntimeActivation } from './runtime-activation';
import type { Carried, KeptServers } from './runtime/kept-servers';
import { swap, type SwapDeps } from './swap';

export interface ActivationInput {
  readonly id: LoadBalancerId;
  readonly paths: HaproxyPaths;
  readonly text: string;
  readonly peer: string;
  /** The living group; undefined: start one. */
  readonly living: ServiceProcess | undefined;
  /** What that group was started from, when it is known. */
  readonly running: RunRecord | undefined;
  /** Awaited when haproxy is about to be changed: what it runs is in doubt until that is recorded, and above all the servers that are named. */
  readonly doubt: (touched?: readonly string[]) => Promise<void>;
}

/** How a living group came to follow a text; `none`: it would have read what it had read, so it was left alone. */
export type Applied = 'runtime' | 'reload' | 'none';

export interface Activated {
  readonly process: ServiceProcess;
  readonly running: RunRecord;
  /** Undefined for a group that was started. */
  readonly applied: Applied | undefined;
}

/** Makes the group follow the text. Throws `reload-failed` with what haproxy or the agent found; the state before then stands. */
export type Activate = (input: ActivationInput) => Promise<Activated>;

export interface ActivationDeps extends SwapDeps {
  readonly check: ConfigCheck;
  readonly checked: CheckedTexts;
  readonly guard: PolicyGuard;
  readonly registry: ListenerRegistry;
  readonly descriptors: DescriptorWatch;
  readonly keptServers: Pick<KeptServers, 'carry' | 'settle'>;
  readonly withoutReload: RuntimeActivation;
  readonly binary: string;
  /** Read at each change: log sockets come and go. */
  readonly overlayOptions: () => Promise<OverlayOptions>;
}

/** Makes the door. */
export function createActivate(deps: ActivationDeps): Activate {
  return async (input) => {
    const failure = `Error ${input.living === undefined ? 'start' : 'reload'}ing haproxy`;
    refuseOtherPeer(input, failure);
    const plain = effectiveConfig(input.text, input.paths, await deps.overlayOptions());
    const carried = await deps.keptServers.carry(input.paths, plain, (each) =>
      asFailure(failure, () => candidate(deps, input, each)),
    );
    const { living } = input;
    if (living === undefined) return swapTo(deps, input, carried, { failure, touched: [] });
    const done = await followAlive(deps, input, living, carried);
    if ('process' in done) {
      await deps.keptServers.settle(input.paths, carried.kept);
      return done;
    }
    return swapTo(deps, input, carried, { failure, ...done });
  };
}

interface Circumstances {
  readonly failure: string;
  readonly reason?: string;
  readonly touched: readonly string[];
}

/** Has a living group follow without a reload; tells why one is needed where that cannot be. */
async function followAlive(
  deps: ActivationDeps,
  input: ActivationInput,
  living: ServiceProcess,
  { effective, checked: record, kept }: Carried<RunRecord>,
): Promise<Activated | Omit<Circumstances, 'failure'>> {
  const { id, running } = input;
  if (await isUnchanged(deps, input, record, effective))
    return { process: living, running: record, applied: 'none' };
  const done = await deps.withoutReload({ ...input, effective, record, kept });
  if (!done.isDone) return { reason: done.reason, touched: [...done.touched, ...(running?.touched ?? [])] };
  const { changes } = done;
  deps.log.info('haproxy follows without a reload', { loadBalancer: id, pid: living.pid, changes });
  return { process: living, running: record, applied: 'runtime' };
}

async function swapTo(
  deps: ActivationDeps,
  input: ActivationInput,
  { effective, checked: record, kept }: Carried<RunRecord>,
  { failure, reason, touched }: Circumstances,
): Promise<Activated> {
  const { id, paths, living } = input;
  const binds = await asFailure(failure, () => Promise.resolve(readBinds(input.text, record.peer)));
  const reservation = deps.registry.reserve(id, binds, failure);
  let process: ServiceProcess;
  try {
    if (living !== undefined) await deps.proof.refuseTaken(paths, binds, failure);
    process = await swap(deps, { ...input, effective, binds, failure, touched, reason });
    reservation.commit();
  } catch (thrown) {
    reservation.cancel();
    deps.checked.forget(id);
    throw thrown;
  }
  await deps.keptServers.settle(paths, kept);
  await deps.descriptors.look(id, paths);
  return { process, running: record, applied: living === undefined ? undefined : 'reload' };
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
  const { files, guard, binary, checked } = deps;
  const { id, paths, text } = input;
  const peer = peerOf(input);
  await guard.refuseFaults(id, text);
  const read = async (): Promise<RunRecord> =>
    recordRun(files, { text, overlay: effective.overlay, peer, binary, files: await guard.filesOf(text) });
  const record = await read();
  if (checked.has(id, effective, record)) return record;
  const beside = { text: `${paths.live}.candidate`, overlay: `${paths.overlay}.candidate` };
  await checkCandidate(deps, beside, effective, peer);
  return read();
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
