// Brings up what should run, without a controller to ask: the stored configuration, and when that does not come up,
// the one that ran last. Source: DESIGN "Two doors for change".
//
// INVARIANTS: callers hold the gate of the load balancer, or take it by the turn that they are given.

import { haproxyPaths } from '../haproxy/paths';
import { isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { Activation, ProcessGroups, ProcessGroupsDeps } from './process-groups';
import { initialState, type LoadBalancerState } from './state-store';
import type { TakeTurn } from './watcher-restarts';

export interface Revival {
  /** Brings up a group that should run: the stored configuration, else the one that ran last. Throws `reload-failed` when neither comes up; the watcher then goes on trying. */
  revive(id: LoadBalancerId): Promise<Activation>;
  /** Brings back a group that died, or hangs, and is meant to run. Never throws: the watcher is told how it ended. */
  restart(id: LoadBalancerId, takeTurn: TakeTurn): Promise<void>;
}

type StartLast = (id: LoadBalancerId, text: string, before: LoadBalancerState) => Promise<Activation>;

/** Makes the verbs over a start of the stored configuration, and one of the text that ran last. */
export function createRevival(
  deps: ProcessGroupsDeps,
  activate: ProcessGroups['activate'],
  startLast: StartLast,
): Revival {
  const { files, log, roots, state, haproxy, watch } = deps;

  async function startOrFallBack(id: LoadBalancerId): Promise<Activation> {
    try {
      return await activate(id, 'start');
    } catch (thrown) {
      const before = (await state.read(id)) ?? initialState;
      const last = await files.readText(haproxyPaths(roots, id).running);
      if (!isAgentError(thrown, 'reload-failed') || last === undefined) throw thrown;
      const level = watch.isNews(id, thrown.detail ?? '') ? 'error' : 'info';
      log[level]('the stored configuration does not come up, the one that ran last is tried', {
        loadBalancer: id,
        detail: thrown.detail,
      });
      return startLast(id, last, before);
    }
  }

  return {
    async revive(id) {
      try {
        return await startOrFallBack(id);
      } catch (thrown) {
        watch.failed(id, thrown);
        throw thrown;
      }
    },

    async restart(id, takeTurn) {
      const group = takeTurn();
      if (group === undefined) return;
      try {
        const known = await state.read(id);
        if (known?.desired !== 'running') {
          watch.release(id);
          return;
        }
        if (group.health === 'hung' && group.process !== undefined) {
          await haproxy.stop({ paths: haproxyPaths(roots, id), peer: known.peer }, group.process);
        }
        await startOrFallBack(id);
      } catch (thrown) {
        watch.failed(id, thrown);
      }
    },
  };
}
