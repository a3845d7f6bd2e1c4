// The process group of one load balancer follows what is wanted of it.
//
// INVARIANTS:
// - callers hold the gate of the load balancer;
// - what is wanted is written before it is done, so that a killed agent finishes it at its next start (core/restore);
// - a start that fails puts back what was wanted before.

import { dirname } from 'node:path';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { HaproxyProcess } from '../haproxy/process';
import { AgentError, isAgentError, notFound } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import type { Apply } from './apply';
import { initialState, type LoadBalancerState, type StateStore } from './state-store';

export interface Activation {
  /** The master's pid. */
  readonly pid: number;
  /** False when a running group was reloaded, or left alone by `start`. */
  readonly started: boolean;
}

export interface ProcessGroups {
  /** The living process group; undefined when none runs. */
  living(id: LoadBalancerId): Promise<ServiceProcess | undefined>;
  /** Makes the group follow the stored configuration; `start` leaves a running one alone. Throws `not-found`, `reload-failed`. */
  activate(id: LoadBalancerId, action: 'start' | 'reload'): Promise<Activation>;
  /** Ends the group and records what is wanted from now on. */
  end(id: LoadBalancerId, desired: 'stopped' | 'removed' | 'as before'): Promise<void>;
}

export interface ProcessGroupsDeps {
  readonly files: Files;
  readonly log: Log;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly apply: Apply;
  readonly haproxy: HaproxyProcess;
}

/** Makes the verbs on process groups. */
export function createProcessGroups(deps: ProcessGroupsDeps): ProcessGroups {
  const { log, state, haproxy } = deps;

  async function stateOf(id: LoadBalancerId): Promise<LoadBalancerState> {
    return (await state.read(id)) ?? initialState;
  }

  async function find(id: LoadBalancerId, known: LoadBalancerState): Promise<ServiceProcess | undefined> {
    return haproxy.adopt({ paths: haproxyPaths(deps.roots, id), peer: known.peer }, known.process);
  }

  return {
    async living(id) {
      return find(id, await stateOf(id));
    },

    async activate(id, action) {
      const paths = haproxyPaths(deps.roots, id);
      const text = await deps.files.readText(paths.config);
      if (text === undefined) throw notFound('load balancer', id);
      const before = await stateOf(id);
      const process = await find(id, before);
      if (process !== undefined && action === 'start') {
        // It may still run after a stop or a removal that failed: from now on it is meant to.
        if (before.desired !== 'running') await state.write(id, { ...before, desired: 'running', process });
        return { pid: process.pid, started: false };
      }
      await rejectedAs(`Error ${action}ing haproxy`, () => deps.apply.prepare(paths, text, before.peer));
      if (process === undefined) return startGroup(deps, id, before);
      await haproxy.reload({ paths, peer: before.peer }, process);
      await state.write(id, { ...before, desired: 'running', process });
      log.info('haproxy reloaded', { loadBalancer: id, pid: process.pid });
      return { pid: process.pid, started: false };
    },

    async end(id, desired) {
      const before = await stateOf(id);
      const process = await find(id, before);
      const wanted = desired === 'as before' ? before : { ...before, desired };
      const recorded = wanted === before || (await wroteState(state, id, wanted));
      if (process !== undefined) {
        await haproxy.stop({ paths: haproxyPaths(deps.roots, id), peer: before.peer }, process);
        log.info('haproxy stopped', { loadBalancer: id, pid: process.pid });
      }
      // A removal is about to free the space itself.
      if (!recorded && desired !== 'removed') await state.write(id, wanted);
    },
  };
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

async function startGroup(
  { files, log, roots, state, haproxy }: ProcessGroupsDeps,
  id: LoadBalancerId,
  before: LoadBalancerState,
): Promise<Activation> {
  const paths = haproxyPaths(roots, id);
  const wanted = { owner: before.owner, peer: before.peer, desired: 'running' } as const;
  await state.write(id, wanted);
  try {
    await files.makeDirectory(dirname(paths.adminSocket), 0o700);
    const job = { paths, peer: before.peer };
    const process = await haproxy.start(job);
    try {
      await state.write(id, { ...wanted, process });
    } catch (thrown) {
      await haproxy.stop(job, process);
      throw thrown;
    }
    log.info('haproxy started', { loadBalancer: id, pid: process.pid });
    return { pid: process.pid, started: true };
  } catch (thrown) {
    await state.write(id, before);
    throw thrown;
  }
}

// At an activation a refused configuration is the reason why the action failed, not a bad upload.
async function rejectedAs(message: string, job: () => Promise<void>): Promise<void> {
  try {
    await job();
  } catch (cause) {
    if (!(cause instanceof AgentError) || cause.kind !== 'config-rejected') throw cause;
    throw new AgentError('reload-failed', message, {
      cause,
      ...(cause.detail === undefined ? {} : { detail: cause.detail }),
    });
  }
}
