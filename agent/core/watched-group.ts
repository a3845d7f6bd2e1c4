// What the watcher knows of one process group that should run. Times are monotonic milliseconds.

import type { ProcessExit } from '../host/process';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';

/** `unproven`: it lives, and has not answered under this agent's eyes yet. */
export type GroupHealth = 'serves' | 'unproven' | 'hung' | 'down';

export interface WatchedGroup {
  readonly id: LoadBalancerId;
  /** Undefined: it never came up while this agent was there. */
  readonly process: ServiceProcess | undefined;
  /** How it ends, for a child of this agent: the kernel tells, so nobody need look. */
  readonly exited: Promise<ProcessExit> | undefined;
  readonly upSinceMs: number;
  health: GroupHealth;
  /** From when on its silence counts. */
  heardMs: number;
  nextLookMs: number;
  nextProbeMs: number;
  isAsked: boolean;
  /** A change by a caller is under way: a master that reads a large configuration is silent meanwhile. */
  isChanging: boolean;
  /** Deaths and failed starts in a row. */
  failures: number;
  /** The start that is planned, or under way. */
  restart: PlannedRestart | undefined;
  /** How it ended and what it printed then; '' while there is nothing to tell. */
  words: string;
  /** Why the stored configuration did not come up when that was tried last. */
  refusal: string;
  /** `crash.log` may be there. */
  mayHaveCrashLog: boolean;
}

export interface PlannedRestart {
  readonly atMs: number;
  readonly cancelled: AbortController;
}

export interface NewGroup {
  readonly id: LoadBalancerId;
  readonly process: ServiceProcess | undefined;
  readonly exited: Promise<ProcessExit> | undefined;
  readonly nowMs: number;
  /** 0 to 1: where in each period it is looked at and asked, so that hundreds never make one burst. */
  readonly place: number;
  readonly probeEveryMs: number;
  /** What was known of the group before it. */
  readonly before: WatchedGroup | undefined;
}

/** Between two looks at a process whose end nobody tells. */
export const lookEveryMs = 1_000;

/** Begins to know a group; how often it failed before is not forgotten. */
export function newGroup(facts: NewGroup): WatchedGroup {
  const { id, process, exited, nowMs, place, probeEveryMs, before } = facts;
  return {
    id,
    process,
    exited,
    upSinceMs: nowMs,
    health: process === undefined ? 'down' : 'unproven',
    heardMs: nowMs,
    nextLookMs: nowMs + place * lookEveryMs,
    nextProbeMs: nowMs + place * probeEveryMs,
    isAsked: false,
    isChanging: false,
    failures: before?.failures ?? 0,
    restart: undefined,
    words: before?.words ?? '',
    refusal: before?.refusal ?? '',
    mayHaveCrashLog: true,
  };
}

/** Tells whether two records name one process. */
export function isSameProcess(a: ServiceProcess | undefined, b: ServiceProcess): boolean {
  return a?.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;
}
