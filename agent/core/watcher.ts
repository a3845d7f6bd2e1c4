// Sees to it that what should run runs: a group that dies is started again with back-off, one that hangs is shown, and
// started again where the operator wants that. Source: DESIGN "Watch".
//
// INVARIANTS:
// - only groups that are meant to run are known here; whoever ends one on purpose says so first (`release`);
// - a restart takes the load balancer's turn only while it acts, and does nothing when anything came before it;
// - children are noticed by their exit, others by one small read a second; silence counts only while the agent asks.

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { HaproxyProcess } from '../haproxy/process';
import type { HaproxyRoots } from '../haproxy/paths';
import type { FindProblems } from '../model/finding';
import type { LoadBalancerId } from '../model/ids';
import type { Liveness } from '../supervisor/liveness';
import type { CrashLog } from './crash-log';
import type { DescriptorWatch } from './descriptors';
import { createGroupWatch, type GroupWatch } from './group-watch';
import type { StateStore } from './state-store';
import type { GroupHealth } from './watched-group';
import { createWatchContext, died, heard, isAlive, planRestart } from './watcher-events';
import { findGroupProblems } from './watcher-findings';
import { createHealthRound, roundMs } from './watcher-health';
import type { TakeTurn } from './watcher-restarts';

export interface Watcher extends GroupWatch {
  /** Begins to watch; before, deaths are seen by whoever looks, and nothing is started. */
  start(): void;
  /** Ends all watching and every planned restart; one that has its turn already goes on. */
  stop(): void;
  /** What is known of a group now, at the cost of one small read; `changing`: it lives, and may be silent while it reads; undefined: it is not meant to run. */
  look(id: LoadBalancerId): GroupHealth | 'changing' | undefined;
  /** Somebody else has heard from it. */
  heard(id: LoadBalancerId): void;
  readonly findings: FindProblems;
}

export interface WatcherDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly haproxy: Pick<HaproxyProcess, 'info'>;
  readonly liveness: Liveness;
  readonly descriptors: DescriptorWatch;
  readonly crashLog: CrashLog;
  /** Waits for the load balancer's turn, takes it, and brings the group back; how that ends is told as to any GroupWatch. */
  readonly restart: (id: LoadBalancerId, takeTurn: TakeTurn) => Promise<void>;
  /** Runs a job in the load balancer's turn. */
  readonly inTurn: (id: LoadBalancerId, job: () => Promise<void>) => Promise<void>;
  readonly hangTimeoutMs: number;
  readonly restartHung: boolean;
}

/** Makes a watcher that watches nothing yet. */
export function createWatcher(deps: WatcherDeps): Watcher {
  const context = createWatchContext(deps);
  const { groups, restarts } = context;
  const round = createHealthRound(context);
  let watching: AbortController | undefined;

  return {
    ...createGroupWatch(context),

    start() {
      watching = new AbortController();
      context.isOn = true;
      deps.clock.every(roundMs, watching.signal, round);
      for (const group of groups.values()) if (group.health === 'down') planRestart(context, group, 0);
    },

    stop() {
      watching?.abort();
      context.isOn = false;
      for (const group of groups.values()) restarts.cancel(group);
    },

    look(id) {
      const group = groups.get(id);
      if (group === undefined) return undefined;
      if (group.health !== 'down' && !isAlive(context, group)) died(context, group);
      if (group.isChanging && group.health === 'unproven') return 'changing';
      return context.isOn ? group.health : unwatched(group.health);
    },

    heard(id) {
      const group = groups.get(id);
      if (group !== undefined) heard(context, group);
    },

    findings: () => findGroupProblems([...groups.values()], deps),
  };
}

/** While nobody asks for their health, groups that live may as well hang. */
function unwatched(health: GroupHealth): GroupHealth {
  return health === 'down' ? 'down' : 'unproven';
}
