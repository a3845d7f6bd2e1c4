// The middle of an activation that starts or reloads a process group: what haproxy reads is swapped, haproxy is asked to
// read it, what came of it is verified, and everything is put back when that fails. Source: DESIGN "Two doors for change".
//
// INVARIANTS:
// - until the swap nothing that haproxy reads has changed; after a failure it reads what it read before;
// - `running.cfg` is written only when every bind is proven to be ours.

import { dirname } from 'node:path';
import type { AnyHaproxyProcess, TakenOver } from '../haproxy/inherited-process';
import type { EffectiveConfig } from '../haproxy/overlay';
import { configFiles, type HaproxyPaths } from '../haproxy/paths';
import type { HaproxyJob, HaproxyProcess } from '../haproxy/process';
import { namesServersState } from '../haproxy/server-lines';
import { serversStateInForce } from '../haproxy/servers-state';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { Bind } from '../model/bind';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import type { BindProof } from './bind-proof';
import type { OperatorState } from './operator-state';

export interface SwapDeps {
  readonly files: Files;
  readonly log: Log;
  readonly haproxy: AnyHaproxyProcess;
  readonly proof: BindProof;
  readonly operatorState: OperatorState;
  /** Takes a last sample of what the present worker has counted. Never throws. */
  readonly lastSample: (id: LoadBalancerId) => Promise<void>;
}

export interface SwapInput {
  readonly id: LoadBalancerId;
  readonly paths: HaproxyPaths;
  readonly text: string;
  readonly peer: string;
  /** The living group; undefined: start one. */
  readonly living: ServiceProcess | undefined;
  /** Awaited when haproxy is about to be asked to read again. */
  readonly doubt: () => Promise<void>;
  readonly effective: EffectiveConfig;
  readonly binds: readonly Bind[];
  /** What a failure is called. */
  readonly failure: string;
  /** Servers, `backend/server`, that are no longer as the configuration in force has them. */
  readonly touched: readonly string[];
  /** Why a living group is reloaded, for the log. */
  readonly reason: string | undefined;
}

const mode = 0o600;

/** Starts or reloads the group so that it follows the text. Throws `reload-failed`; the state before then stands. */
export async function swap(
  { files, haproxy, proof, log, operatorState, lastSample }: SwapDeps,
  { id, paths, text, peer, living, doubt, effective, binds, failure, touched, reason }: SwapInput,
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
        const inForce = { text: before[0] ?? '', touched };
        await operatorState.keep(id, paths, inForce);
        const saveServersState = namesServersState(text, paths)
          ? (table: string) => serversStateInForce(table, inForce, effective.text)
          : undefined;
        await haproxy.reload(job, living, { saveServersState });
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
  log.info(living === undefined ? 'haproxy started' : doneTo(taken), {
    loadBalancer: id,
    pid: process.pid,
    ...(reason === undefined ? {} : { reason }),
  });
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
