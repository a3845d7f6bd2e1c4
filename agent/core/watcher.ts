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
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { AgentError, messageOf } from '../model/errors';
import type { FindProblems } from '../model/finding';
import type { LoadBalancerId } from '../model/ids';
import type { Liveness } from '../supervisor/liveness';
import { nextTry } from '../supervisor/restart-policy';
import type { ServiceProcess } from '../supervisor/service';
import type { CrashLog } from './crash-log';
import type { DescriptorWatch } from './descriptors';
import type { StateStore } from './state-store';
import { isSameProcess, newGroup, type GroupHealth, type WatchedGroup } from './watched-group';
import { findGroupProblems } from './watcher-findings';
import { createHealthRounds } from './watcher-health';
import { createRestarts, type TakeTurn } from './watcher-restarts';

/** What the verbs on process groups tell the watcher; all of it under the load balancer's gate. */
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

export interface Watcher extends GroupWatch {
  /** Begins to watch; before, deaths are seen by whoever looks, and nothing is started. */
  start(): void;
  /** Ends all watching and every planned restart; one that has its turn already goes on. */
  stop(): void;
  /** What is known of a group now, at the cost of one small read; undefined: it is not meant to run. */
  look(id: LoadBalancerId): GroupHealth | undefined;
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
  const { clock, log, liveness } = deps;
  const groups = new Map<LoadBalancerId, WatchedGroup>();
  const restarts = createRestarts(deps);
  const rounds = createHealthRounds(deps, { groups, died, heard, planRestart, background });
  const pathsOf = (id: LoadBalancerId) => haproxyPaths(deps.roots, id);
  let watching: AbortController | undefined;

  /** For what nobody waits for; its failure is the log's alone. */
  function background(job: Promise<unknown>): void {
    job.catch((thrown: unknown) => log.warning('watching fails', { error: messageOf(thrown) }));
  }

  function planRestart(group: WatchedGroup, upMs: number): void {
    const { failures, waitMs } = nextTry(group.failures, upMs);
    group.failures = failures;
    if (watching !== undefined) restarts.plan(group, waitMs);
  }

  /** Keeps how it ended, and tells it: at once when it is news, quietly when it is the same again. */
  function tell(group: WatchedGroup, what: string, words: string): void {
    const isNews = group.words !== `${what}\n${words}`;
    group.words = `${what}\n${words}`;
    group.mayHaveCrashLog = true;
    if (watching === undefined) return;
    log[isNews ? 'error' : 'info'](`haproxy ${what}`, {
      loadBalancer: group.id,
      failures: group.failures,
      nextTryInS: restarts.waitS(group),
      output: words === '' ? undefined : words,
    });
    // In its turn, lest it writes into a directory that is being removed.
    background(
      deps.inTurn(group.id, async () => {
        if (groups.has(group.id)) await deps.crashLog.keep(pathsOf(group.id), what, words);
      }),
    );
  }

  function died(group: WatchedGroup, how = 'died'): void {
    if (group.health === 'down' || groups.get(group.id) !== group) return;
    // One that hung and is being replaced was ended on purpose.
    const isEnded = group.isChanging && group.health === 'hung';
    group.health = 'down';
    // Whoever changes it now either brings it up or says that this failed.
    if (!group.isChanging) planRestart(group, clock.monotonic() - group.upSinceMs);
    if (isEnded) return;
    background(deps.crashLog.lastWords(pathsOf(group.id)).then((words) => tell(group, how, words)));
  }

  function heard(group: WatchedGroup): void {
    if (group.health === 'down') return;
    if (group.health === 'hung') {
      restarts.cancel(group);
      log.info('haproxy answers again', { loadBalancer: group.id, pid: group.process?.pid });
    }
    group.health = 'serves';
    group.heardMs = clock.monotonic();
  }

  function isAlive({ process }: WatchedGroup): boolean {
    return process !== undefined && liveness.isAlive(process);
  }

  function know(id: LoadBalancerId, process: ServiceProcess | undefined): WatchedGroup {
    const before = groups.get(id);
    if (before !== undefined) restarts.cancel(before);
    if (before !== undefined && (process === undefined || isSameProcess(before.process, process)))
      return before;
    const exited = process && liveness.exitOf(process);
    const nowMs = clock.monotonic();
    const group = newGroup({ id, process, isChild: exited !== undefined, nowMs, before });
    groups.set(id, group);
    rounds.spread(group);
    void exited?.then(({ code, signal }) =>
      died(group, `died (${signal ?? `exit code ${code ?? 'unknown'}`})`),
    );
    return group;
  }

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
      changed(group, clock.monotonic());
      if (group.health === 'down') planRestart(group, 0);
    },

    up(id, process, isProven) {
      const group = know(id, process);
      changed(group, clock.monotonic());
      if (!isAlive(group)) died(group);
      else if (isProven) heard(group);
    },

    failed(id, thrown) {
      const group = know(id, undefined);
      changed(group, clock.monotonic());
      if (!isAlive(group)) group.health = 'down';
      planRestart(group, 0);
      tell(group, 'does not come up', wordsOf(thrown));
    },

    release(id) {
      const group = groups.get(id);
      if (group === undefined) return;
      restarts.cancel(group);
      groups.delete(id);
    },

    isNews(id, words) {
      const group = groups.get(id);
      const isNews = group?.refusal !== words;
      if (group !== undefined) group.refusal = words;
      return isNews;
    },

    start() {
      watching = new AbortController();
      clock.every(rounds.periodMs, watching.signal, rounds.round);
      for (const group of groups.values()) if (group.health === 'down') planRestart(group, 0);
    },

    stop() {
      watching?.abort();
      watching = undefined;
      for (const group of groups.values()) restarts.cancel(group);
    },

    look(id) {
      const group = groups.get(id);
      if (group === undefined) return undefined;
      if (group.health !== 'down' && !isAlive(group)) died(group);
      return watching === undefined ? unwatched(group.health) : group.health;
    },

    heard(id) {
      const group = groups.get(id);
      if (group !== undefined) heard(group);
    },

    findings: () => findGroupProblems([...groups.values()], deps, clock.monotonic()),
  };
}

/** While nobody asks for their health, groups that live may as well hang. */
function unwatched(health: GroupHealth): GroupHealth {
  return health === 'down' ? 'down' : 'unproven';
}

function changed(group: WatchedGroup, nowMs: number): void {
  group.isChanging = false;
  group.heardMs = nowMs;
}

function wordsOf(thrown: unknown): string {
  const detail = thrown instanceof AgentError ? thrown.detail : undefined;
  return detail === undefined || detail === '' ? messageOf(thrown) : detail;
}
