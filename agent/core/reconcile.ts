// What the agent does at its start about half-done work, before any load balancer is restored: leftovers are swept,
// spoiled states put aside and worked out anew, and what was begun and never acknowledged is finished or undone.
// docs/operations.md, "What survives what", has the rules. Source: DESIGN "On disk".
//
// INVARIANTS:
// - runs under the instance lock and after every state was found to be of this schema or older;
// - never throws for one load balancer: its trouble is logged and shown, and the others come up;
// - ends no process.

import { idsOnDisk } from '../haproxy/ids-on-disk';
import { pidIn } from '../haproxy/hand-over';
import { inheritedUnit } from '../haproxy/inherited';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { AnyHaproxyProcess } from '../haproxy/inherited-process';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import type { System } from '../host/system';
import { AgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { FormerUnits } from '../supervisor/former-units';
import { finishHandOver, inheritLoadBalancer } from './inherit';
import { removeUnborn, sweepLeftovers } from './leftovers';
import { quarantineState } from './quarantine';
import { digest } from './run-record';
import type { LoadBalancerState, StateStore } from './state-store';
import { findUnseenMaster } from './unseen-group';

export interface ReconcileDeps {
  readonly files: Files;
  readonly log: Log;
  readonly runner: ProcessRunner;
  readonly system: System;
  readonly binary: string;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly haproxy: AnyHaproxyProcess;
  readonly formerUnits: FormerUnits;
  readonly clock: Clock;
  /** Files outside our directories that the agent replaces: the server certificate, agent.conf. */
  readonly replaced: readonly string[];
  readonly usualPeer: string;
}

/** Brings the disk into a state that an agent which was never killed could have left. Throws when base_path cannot be listed. */
export async function reconcile(deps: ReconcileDeps): Promise<void> {
  // A base_path that cannot even be read is nothing to start on.
  await deps.files.list(deps.roots.basePath);
  const swept = await sweepLeftovers({ ...deps, others: deps.replaced });
  if (swept.length > 0) {
    deps.log.info('leftovers removed', { count: swept.length, first: swept.slice(0, mostNamed) });
  }
  const { basePath } = deps.roots;
  for (const id of await idsOnDisk(deps.files, basePath, await deps.files.list(basePath))) {
    try {
      await reconcileOne(deps, id);
    } catch (thrown) {
      const detail = thrown instanceof AgentError ? thrown.detail : undefined;
      deps.log.error('load balancer not reconciled', { loadBalancer: id, error: messageOf(thrown), detail });
    }
  }
}

const mostNamed = 10;

async function reconcileOne(deps: ReconcileDeps, id: LoadBalancerId): Promise<void> {
  const quarantined = await quarantineState(deps, id);
  if (quarantined !== undefined) {
    deps.log.error('state put aside, and worked out from what is there', {
      loadBalancer: id,
      reason: quarantined.reason,
      keptAs: quarantined.keptAs,
      desired: quarantined.rebuilt?.desired,
    });
  }
  const known = await deps.state.read(id);
  if (known === undefined) {
    await inheritLoadBalancer(deps, id);
    return;
  }
  await finishHandOver(deps, id, known);
  await deps.formerUnits.settleEnded(inheritedUnit(haproxyPaths(deps.roots, id)));
  if (await cameBack(deps, id, known)) {
    await inheritLoadBalancer(deps, id);
    return;
  }
  if (known.desired !== 'running' && (await removeUnborn(deps, id))) {
    deps.log.info('upload undone that was never stored', { loadBalancer: id });
    return;
  }
  const settled = await settlePeer(deps, id, known);
  if (settled.desired === 'running' && settled.process === undefined) await recordUnseen(deps, id, settled);
  if (settled.desired === 'stopped') await removeTraces(deps, id, settled);
}

/** Whoever went back to the former agent has had it start what ours knew: that counts, not what ours had recorded. */
async function cameBack(
  { haproxy, roots }: ReconcileDeps,
  id: LoadBalancerId,
  known: LoadBalancerState,
): Promise<boolean> {
  const paths = haproxyPaths(roots, id);
  const found = await haproxy.adopt({ paths, peer: known.peer }, known.process);
  return found !== undefined && found.pid !== known.process?.pid && haproxy.isInherited(paths);
}

/** An upload brings text and peer name together: which of both uploads the text is of decides. */
async function settlePeer(
  { files, roots, state }: ReconcileDeps,
  id: LoadBalancerId,
  known: LoadBalancerState,
): Promise<LoadBalancerState> {
  const { next, ...rest } = known;
  if (next === undefined) return known;
  const text = (await files.readText(haproxyPaths(roots, id).config)) ?? '';
  const settled = { ...rest, peer: digest(text) === next.config ? next.peer : known.peer };
  await state.write(id, settled);
  return settled;
}

/** The middle of a start: a group that runs and stands nowhere. */
async function recordUnseen(
  deps: ReconcileDeps,
  id: LoadBalancerId,
  known: LoadBalancerState,
): Promise<void> {
  const paths = haproxyPaths(deps.roots, id);
  const job = { paths, peer: known.peer };
  const process = await deps.haproxy.adopt(job, await findUnseenMaster(deps, paths));
  if (process !== undefined) await deps.state.write(id, { ...known, process });
}

/** The last steps of a stop: pid file and sockets of a group that is gone. */
async function removeTraces(
  { files, roots, haproxy, runner }: ReconcileDeps,
  id: LoadBalancerId,
  known: LoadBalancerState,
): Promise<void> {
  const paths = haproxyPaths(roots, id);
  if ((await haproxy.adopt({ paths, peer: known.peer }, known.process)) !== undefined) return;
  // One that is not ours to adopt serves all the same, and is asked by its socket.
  const pid = await pidIn(files, paths);
  if (pid !== undefined && (await runner.identify(pid))?.argv.includes(paths.config) === true) return;
  const { adminSocket, masterSocket, statsSocket, pidFile } = paths;
  for (const path of [adminSocket, masterSocket, statsSocket, pidFile]) await files.remove(path);
}
