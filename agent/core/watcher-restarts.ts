// Planned restarts: each waits on its own, takes its turn only when it acts, and is void once it is cancelled.

import type { Clock } from '../host/clock';
import type { WatchedGroup } from './watched-group';
import type { WatcherDeps } from './watcher';

/** To be called when the turn has come: the group as it is by now; undefined when the plan is void. */
export type TakeTurn = () => Pick<WatchedGroup, 'health' | 'process'> | undefined;

export interface Restarts {
  /** Plans a restart in place of an earlier plan. */
  plan(group: WatchedGroup, waitMs: number): void;
  /** Makes the plan void, also one that waits for its turn. */
  cancel(group: WatchedGroup): void;
  /** Whole seconds until the next try; undefined when none is planned. */
  waitS(group: WatchedGroup): number | undefined;
}

/** Makes the planner. */
export function createRestarts({ clock, restart }: Pick<WatcherDeps, 'clock' | 'restart'>): Restarts {
  const cancel = (group: WatchedGroup): void => {
    group.restart?.cancelled.abort();
    group.restart = undefined;
  };
  return {
    cancel,
    plan(group, waitMs) {
      cancel(group);
      const cancelled = new AbortController();
      const { signal } = cancelled;
      group.restart = { atMs: clock.monotonic() + waitMs, cancelled };
      void clock.sleep(waitMs, signal).then(
        () => restart(group.id, () => takeTurn(group, signal)),
        () => undefined,
      );
    },
    waitS: (group) => secondsUntil(clock, group),
  };
}

function takeTurn(group: WatchedGroup, cancelled: AbortSignal): ReturnType<TakeTurn> {
  if (cancelled.aborted) return undefined;
  group.isChanging = true;
  return group;
}

function secondsUntil(clock: Clock, { restart }: WatchedGroup): number | undefined {
  return restart === undefined
    ? undefined
    : Math.max(0, Math.round((restart.atMs - clock.monotonic()) / 1_000));
}
