// The process group of one load balancer follows what is wanted of it.
//
// INVARIANTS:
// - callers hold the gate of the load balancer;
// - what is wanted is written before it is done, so that a killed agent finishes it at its next start (core/restore);
// - a start that fails puts back what was wanted before;
// - the watcher hears of every group that comes up, fails to, or is ended on purpose.

import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { readBinds } from '../haproxy/binds';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { AnyHaproxyProcess } from '../haproxy/inherited-process';
import { isAgentError, notFound } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import type { Activate, Applied } from './activation';
import type { GroupWatch } from './group-watch';
import type { ListenerRegistry } from './listener-registry';
import { createRevival, type Revival } from './revival';
import { initialState, type LoadBalancerState, type StateStore } from './state-store';

export interface Activation {
  /** The master's pid. */
  readonly pid: number;
  /** False when a running group was reloaded, or left alone. */
  readonly started: boolean;
  /** How a living group came to follow the stored configuration; undefined when it was not asked to. */
  readonly applied?: Applied;
}

export interface ProcessGroups extends Revival {
  /** The living process group; undefined when none runs. */
  living(id: LoadBalancerId): Promise<ServiceProcess | undefined>;
  /** Makes the group follow the stored configuration; `start` leaves a running one alone. Throws `not-found`, `reload-failed`. */
  activate(id: LoadBalancerId, action: 'start' | 'reload'): Promise<Activation>;
  /** Takes in the registry what a group that runs or should run has, before anything is started. */
  claim(id: LoadBalancerId): Promise<void>;
  /** Ends the group and records what is wanted from now on. */
  end(id: LoadBalancerId, desired: 'stopped' | 'removed' | 'as before'): Promise<void>;
}

export interface ProcessGroupsDeps {
  readonly files: Files;
  readonly log: Log;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly activate: Activate;
  readonly haproxy: AnyHaproxyProcess;
  readonly registry: ListenerRegistry;
  readonly watch: GroupWatch;
}

/** Makes the verbs on process groups. */
export function createProcessGroups(deps: ProcessGroupsDeps): ProcessGroups {
  const { log, state, haproxy } = deps;

  async function stateOf(id: LoadBalancerId): Promise<LoadBalancerState> {
    return (await state.read(id)) ?? initialState;
  }

  async function activate(id: LoadBalancerId, action: 'start' | 'reload'): Promise<Activation> {
    const text = await deps.files.readText(haproxyPaths(deps.roots, id).config);
    if (text === undefined) throw notFound('load balancer', id);
    const before = await stateOf(id);
    const process = await findSettled(deps, id, before);
    if (process !== undefined && action === 'start') {
      // It may still run after a stop or a removal that failed: from now on it is meant to.
      if (before.desired !== 'running') await state.write(id, { ...before, desired: 'running', process });
      deps.watch.up(id, process, false);
      return { pid: process.pid, started: false };
    }
    return process === undefined
      ? startGroup(deps, id, text, before)
      : reloadGroup(deps, id, text, before, process);
  }

  return {
    activate: (id, action) => asChange(deps, id, () => activate(id, action)),

    async living(id) {
      return find(deps, id, await stateOf(id));
    },

    ...createRevival(deps, activate, (id, text, before) =>
      startGroup(deps, id, text, before, { fallback: true }),
    ),

    async claim(id) {
      const { desired, peer } = await stateOf(id);
      if (desired !== 'running') return;
      const paths = haproxyPaths(deps.roots, id);
      const text =
        (await deps.files.readText(paths.running)) ?? (await deps.files.readText(paths.config)) ?? '';
      deps.registry.reserve(id, readBinds(text, peer), 'Error starting haproxy').commit();
    },

    async end(id, desired) {
      const before = await stateOf(id);
      const process = await find(deps, id, before);
      const wanted = desired === 'as before' ? before : { ...before, desired };
      const recorded = wanted === before || (await wroteState(state, id, wanted));
      deps.watch.release(id);
      if (process !== undefined) {
        await haproxy.stop({ paths: haproxyPaths(deps.roots, id), peer: before.peer }, process);
        log.info('haproxy stopped', { loadBalancer: id, pid: process.pid });
      }
      // A removal is about to free the space itself.
      if (!recorded && desired !== 'removed') await state.write(id, wanted);
      deps.registry.release(id);
    },
  };
}

async function find(
  { haproxy, roots }: ProcessGroupsDeps,
  id: LoadBalancerId,
  known: LoadBalancerState,
): Promise<ServiceProcess | undefined> {
  return haproxy.adopt({ paths: haproxyPaths(roots, id), peer: known.peer }, known.process);
}

/** A group beside the recorded one is ours, in a hand-over that was not finished: it is finished first. */
async function findSettled(
  deps: ProcessGroupsDeps,
  id: LoadBalancerId,
  known: LoadBalancerState,
): Promise<ServiceProcess | undefined> {
  const found = await find(deps, id, known);
  const { process: recorded, peer } = known;
  if (found === undefined || recorded === undefined || found.pid === recorded.pid) return found;
  await deps.haproxy.finishTakeOver({ paths: haproxyPaths(deps.roots, id), peer }, recorded);
  return find(deps, id, known);
}

async function asChange<T>(
  { watch }: ProcessGroupsDeps,
  id: LoadBalancerId,
  change: () => Promise<T>,
): Promise<T> {
  watch.changing(id);
  try {
    return await change();
  } catch (thrown) {
    watch.changeFailed(id);
    throw thrown;
  }
}

/** False on a full disk: ending a process must not wait for space, and a removal makes some. */
async function wroteState(
  state: StateStore,
  id: LoadBalancerId,
  wanted: LoadBalancerState,
): Promise<boolean> {
  try {
    await state.write(id, wanted);
    return true;
  } catch (thrown) {
    if (isAgentError(thrown, 'no-space')) return false;
    throw thrown;
  }
}

async function reloadGroup(
  { roots, state, activate, watch }: ProcessGroupsDeps,
  id: LoadBalancerId,
  text: string,
  before: LoadBalancerState,
  process: ServiceProcess,
): Promise<Activation> {
  const paths = haproxyPaths(roots, id);
  const done = await activate({
    id,
    paths,
    text,
    peer: before.peer,
    living: process,
    running: before.running,
    doubt: doubtOnce(state, id, before),
  });
  // Another one where a group of the former agent was replaced.
  const { process: serving, running, applied } = done;
  await state.write(id, { ...before, desired: 'running', process: serving, running });
  watch.up(id, serving, true);
  return { pid: serving.pid, started: false, ...(applied === undefined ? {} : { applied }) };
}

/** An agent killed between the signal and its record must not take the next reload for one that changes nothing. */
function doubtOnce(state: StateStore, id: LoadBalancerId, before: LoadBalancerState) {
  const { running } = before;
  let isWritten = running === undefined || running.unsure === true;
  return async (touched: readonly string[] = []): Promise<void> => {
    // A reload after changes that were given up: the first word is the fuller one.
    if (isWritten || running === undefined) return;
    const marks = { unsure: true, ...(touched.length === 0 ? {} : { touched }) } as const;
    await state.write(id, { ...before, running: { ...running, ...marks } });
    isWritten = true;
  };
}

async function startGroup(
  { roots, state, haproxy, activate, registry, watch }: ProcessGroupsDeps,
  id: LoadBalancerId,
  text: string,
  before: LoadBalancerState,
  marks: { readonly fallback?: true } = {},
): Promise<Activation> {
  const paths = haproxyPaths(roots, id);
  const wanted = { owner: before.owner, peer: before.peer, desired: 'running' } as const;
  await state.write(id, wanted);
  try {
    const { process, running } = await activate({
      id,
      paths,
      text,
      peer: before.peer,
      living: undefined,
      running: undefined,
      doubt: () => Promise.resolve(),
    });
    try {
      await state.write(id, { ...wanted, process, running: { ...running, ...marks } });
    } catch (thrown) {
      await haproxy.stop({ paths, peer: before.peer }, process);
      // What is meant to run keeps its ports for the next attempt.
      if (before.desired !== 'running') registry.release(id);
      throw thrown;
    }
    watch.up(id, process, true);
    return { pid: process.pid, started: true };
  } catch (thrown) {
    await state.write(id, before);
    throw thrown;
  }
}
