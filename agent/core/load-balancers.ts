// The verbs on load balancers that every dialect shares, one change at a time for each. A load balancer is one
// haproxy process group with its own directory and owner. Source: DESIGN "Who owns what", contract/amphora-v0.1.md.

import { dirname, join } from 'node:path';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { idsOnDisk } from '../haproxy/ids-on-disk';
import { haproxyPaths, type HaproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { AgentError, notFound } from '../model/errors';
import { isLowerUuid, type LoadBalancerId } from '../model/ids';
import { discardedName } from '../model/leftover';
import type { ServiceProcess } from '../supervisor/service';
import type { Apply } from './apply';
import type { Gate } from './gate';
import type { Activation, ProcessGroups } from './process-groups';
import type { ReloadQueue } from './reload-queue';
import { digest } from './run-record';
import { initialState, unclaimed, type LoadBalancerState, type Owner, type StateStore } from './state-store';
import { refuseUnfitId } from './unfit-id';

export interface UploadInput {
  readonly id: LoadBalancerId;
  readonly text: string;
  /** Given to haproxy as `-L`. */
  readonly peer: string;
  readonly owner: Owner;
}

export type RestoreOutcome = 'adopted' | 'started' | 'none';

export interface LoadBalancers {
  /** Ids of all that exist: those with a configuration, a pid file or a stats socket. */
  ids(): Promise<readonly LoadBalancerId[]>;
  /** The stored configuration, as uploaded. Throws `not-found`. */
  config(id: LoadBalancerId): Promise<string>;
  /** Stores a configuration that haproxy accepts; the process is not touched. Throws `config-rejected`, `conflict`. */
  upload(input: UploadInput): Promise<void>;
  /** Starts it, or leaves a running one alone; resolves once it serves. Throws `not-found`, `reload-failed`. */
  start(id: LoadBalancerId): Promise<Activation>;
  /** Reloads it, or starts one that does not run. Throws `not-found`, `reload-failed`; the old worker then goes on. */
  reload(id: LoadBalancerId): Promise<Activation>;
  /** Stops it; a stopped one is left alone. Throws `not-found`. */
  stop(id: LoadBalancerId): Promise<void>;
  /** Ends its process group without changing what is wanted: the agent's next start brings it back. */
  pause(id: LoadBalancerId): Promise<void>;
  /** Stops it and removes all of it from the machine; `by`: who must own it. Throws `not-found`, `conflict`. */
  remove(id: LoadBalancerId, by?: Owner): Promise<void>;
  /** At the agent's start: adopts or starts what should run, stops what should not, finishes a removal. What is wanted is read in its turn, so a call that came first counts. */
  restore(id: LoadBalancerId): Promise<RestoreOutcome>;
  /** Takes in the listener registry what it has or should have: for all of them, before any is restored. */
  claim(id: LoadBalancerId): Promise<void>;
  /** Its living process group; undefined when none runs. */
  living(id: LoadBalancerId): Promise<ServiceProcess | undefined>;
}

export interface LoadBalancersDeps {
  readonly files: Files;
  readonly log: Log;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly gate: Gate<LoadBalancerId>;
  readonly apply: Apply;
  readonly groups: ProcessGroups;
  readonly reloads: ReloadQueue<Activation>;
  /** Finishes what a reload that was cut short has left, and looks at what lingers. */
  readonly settle: (id: LoadBalancerId) => Promise<void>;
  readonly mostLoadBalancers: number;
}

/** Makes the verbs. */
export function createLoadBalancers(deps: LoadBalancersDeps): LoadBalancers {
  const { files, state, gate, apply, groups } = deps;
  const pathsOf = (id: LoadBalancerId): HaproxyPaths => haproxyPaths(deps.roots, id);

  /** Behind a reload that waits for its window, as the order of the calls was. */
  function inTurn<T>(id: LoadBalancerId, job: () => Promise<T>): Promise<T> {
    deps.reloads.hurry(id);
    return gate.run(id, job);
  }

  async function requireExisting(id: LoadBalancerId): Promise<void> {
    if (!(await exists(files, deps.roots, id))) throw notFound('load balancer', id);
  }

  return {
    ids: () => listIds(files, deps.roots),

    async config(id) {
      const text = await files.readText(pathsOf(id).config);
      if (text === undefined) throw notFound('load balancer', id);
      return text;
    },

    upload({ id, text, peer, owner }) {
      return gate.run(id, async () => {
        const before = await state.read(id);
        // An upload that failed at its last step leaves a state without a load balancer: that binds nobody.
        const isThere = await exists(files, deps.roots, id);
        if (isThere) refuseOther(id, before, owner);
        else await refuseUnfitId(files, deps.roots, id);
        if (before === undefined) await refuseTooMany(deps);
        await apply.check(id, pathsOf(id), text, peer);
        // Before the text, so that a configuration never stands without its owner and peer.
        const wanted = revived(before ?? initialState);
        // A killed agent leaves the old text with the old name or the new with the new: core/reconcile.
        const renamed = before !== undefined && before.peer !== peer;
        if (renamed) await state.write(id, { ...wanted, owner, next: { peer, config: digest(text) } });
        else if (before !== wanted || before.owner !== owner)
          await state.write(id, { ...wanted, owner, peer });
        await apply.store(pathsOf(id), text);
        if (renamed) await state.write(id, { ...wanted, owner, peer });
      });
    },

    start: (id) => inTurn(id, () => groups.activate(id, 'start')),
    reload: (id) => deps.reloads.reload(id),
    pause: (id) => gate.run(id, () => groups.end(id, 'as before')),
    living: (id) => groups.living(id),
    claim: (id) => gate.run(id, () => groups.claim(id)),
    restore: (id) => gate.run(id, () => restore(deps, id)),

    stop: (id) =>
      inTurn(id, async () => {
        await requireExisting(id);
        await groups.end(id, 'stopped');
      }),

    remove: (id, by) =>
      inTurn(id, async () => {
        const before = await state.read(id);
        // A removal that was cut short may have taken the configuration already.
        if (before?.desired !== 'removed') await requireExisting(id);
        if (by !== undefined) refuseOther(id, before, by);
        await groups.end(id, 'removed');
        await removeFiles(deps, id);
      }),
  };
}

function refuseOther(id: LoadBalancerId, state: LoadBalancerState | undefined, by: Owner): void {
  if (state === undefined || state.owner === unclaimed || state.owner === by) return;
  throw new AgentError('conflict', `load balancer ${id} belongs to ${state.owner}`);
}

async function refuseTooMany({ files, roots, mostLoadBalancers }: LoadBalancersDeps): Promise<void> {
  if ((await listIds(files, roots)).length < mostLoadBalancers) return;
  throw new AgentError('precondition', 'Too many load balancers', {
    detail: `at most ${mostLoadBalancers} are kept`,
  });
}

async function restore(deps: LoadBalancersDeps, id: LoadBalancerId): Promise<RestoreOutcome> {
  const { state, groups } = deps;
  const desired = (await state.read(id))?.desired;
  if (desired === 'running') {
    const { started } = await groups.revive(id);
    await deps.settle(id);
    return started ? 'started' : 'adopted';
  }
  if (desired === 'removed') {
    await groups.end(id, 'removed');
    await removeFiles(deps, id);
  } else if (desired === 'stopped' && (await groups.living(id)) !== undefined) {
    await groups.end(id, 'stopped');
  }
  return 'none';
}

// An upload after a removal that failed half-way takes the removal back: the next restore must not finish it. The
// name of an upload that failed goes with that upload.
function revived(before: LoadBalancerState): LoadBalancerState {
  if (before.desired !== 'removed' && before.next === undefined) return before;
  const desired = before.desired === 'removed' ? 'stopped' : before.desired;
  // JSON leaves out what is undefined.
  return { ...before, desired, next: undefined };
}

async function listIds(files: Files, roots: HaproxyRoots): Promise<readonly LoadBalancerId[]> {
  const entries = await files.list(roots.basePath);
  const names = new Set(entries.map((name) => name.replace(/\.sock$/, '')));
  const ids = await idsOnDisk(files, roots.basePath, [...names]);
  // Side by side: one after the other, hundreds of looks wait for hundreds of turns of a busy machine.
  const found = await Promise.all(ids.map((id) => exists(files, roots, id)));
  return ids.filter((_, index) => found[index]);
}

async function exists(files: Files, roots: HaproxyRoots, id: LoadBalancerId): Promise<boolean> {
  const { directory, config, pidFile, statsSocket } = haproxyPaths(roots, id);
  // What was planted in its place is shown as one that cannot be read, not as none.
  const own = (await files.stat(directory))?.kind;
  if (own !== undefined && own !== 'directory') return true;
  // Under a name that anybody might choose a socket alone tells nothing.
  for (const path of isLowerUuid(id) ? [config, pidFile, statsSocket] : [config, pidFile]) {
    if ((await files.stat(path)) !== undefined) return true;
  }
  return false;
}

// What is handed to the agent's log when the load balancer's own log goes away with it.
const farewellBytes = 4096;

async function removeFiles({ files, log, roots }: LoadBalancersDeps, id: LoadBalancerId): Promise<void> {
  const paths = haproxyPaths(roots, id);
  const printed = await files.readText(paths.log);
  if (printed !== undefined && printed !== '') {
    log.info('last words of a removed haproxy', { loadBalancer: id, output: printed.slice(-farewellBytes) });
  }
  const runtime = dirname(paths.adminSocket);
  for (const path of [paths.certificates, paths.statsSocket]) await files.remove(path);
  if (runtime !== paths.directory) await files.remove(runtime);
  await discard(files, roots, id);
}

/** In one step, or a kill in between could take the state and leave the configuration: the listener would be back. */
async function discard(files: Files, roots: HaproxyRoots, id: LoadBalancerId): Promise<void> {
  const { directory } = haproxyPaths(roots, id);
  if ((await files.stat(directory)) === undefined) return;
  const discarded = join(roots.basePath, discardedName(id));
  await files.remove(discarded);
  await files.rename(directory, discarded);
  await files.remove(discarded);
}
