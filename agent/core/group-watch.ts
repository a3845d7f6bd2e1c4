// What the verbs on process groups tell the watcher, and what follows from it.

import { AgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import { died, gistOf, heard, isAlive, know, planRestart, tell, type WatchContext } from './watcher-events';
import type { WatchedGroup } from './watched-group';

/** All of it is called under the load balancer's gate. */
export interface GroupWatch {
  /** A caller changes the group now: a planned restart is off, and failures are counted from nought. */
  changing(id: LoadBalancerId): void;
  /** The caller's change failed: what was down is tried again. */
  changeFailed(id: LoadBalancerId): void;
  /** The group is up; `isProven`: it has just answered. */
  up(id: LoadBalancerId, process: ServiceProcess, isProven: boolean): void;
  /** Bringing up a group that should run has failed. */
  failed(id: LoadBalancerId, thrown: unknown): void;
  /** It is not meant to run from now on, or not by this agent. */
  release(id: LoadBalancerId): void;
  /** Tells whether this is another reason than the last one why the stored configuration does not come up. */
  isNews(id: LoadBalancerId, words: string): boolean;
}

/** Makes the ear of the watcher. */
export function createGroupWatch(context: WatchContext): GroupWatch {
  const { groups, restarts } = context;
  const changed = (group: WatchedGroup): void => {
    group.isChanging = false;
    group.heardMs = context.deps.clock.monotonic();
  };

  return {
    changing(id) {
      const group = groups.get(id);
      if (group === undefined) return;
      restarts.cancel(group);
      group.failures = 0;
      group.isChanging = true;
    },

    changeFailed(id) {
      const group = groups.get(id);
      if (group === undefined) return;
      changed(group);
      if (group.health === 'down') planRestart(context, group, 0);
    },

    up(id, process, isProven) {
      const group = know(context, id, process);
      changed(group);
      if (!isAlive(context, group)) died(context, group);
      else if (isProven) heard(context, group);
    },

    failed(id, thrown) {
      const group = know(context, id, undefined);
      changed(group);
      if (!isAlive(context, group)) group.health = 'down';
      planRestart(context, group, 0);
      tell(context, group, 'does not come up', wordsOf(thrown));
    },

    release(id) {
      const group = groups.get(id);
      if (group === undefined) return;
      restarts.cancel(group);
      groups.delete(id);
    },

    isNews(id, words) {
      const group = groups.get(id);
      const refusal = gistOf(words);
      const isNews = group?.refusal !== refusal;
      if (group !== undefined) group.refusal = refusal;
      return isNews;
    },
  };
}

function wordsOf(thrown: unknown): string {
  const detail = thrown instanceof AgentError ? thrown.detail : undefined;
  return detail === undefined || detail === '' ? messageOf(thrown) : detail;
}
