// What can happen to a watched group, and what is done about it at once.

import { haproxyPaths, type HaproxyPaths } from '../haproxy/paths';
import { messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { nextTry } from '../supervisor/restart-policy';
import type { ServiceProcess } from '../supervisor/service';
import { isSameProcess, newGroup, type WatchedGroup } from './watched-group';
import type { WatcherDeps } from './watcher';
import { createRestarts, type Restarts } from './watcher-restarts';

export interface WatchContext {
  readonly deps: WatcherDeps;
  readonly groups: Map<LoadBalancerId, WatchedGroup>;
  readonly restarts: Restarts;
  /** Milliseconds between two questions to one group. */
  readonly probeEveryMs: number;
  /** How many groups were known so far: each gets its own place in time. */
  places: number;
  /** False: deaths are noted, and nothing is started or told. */
  isOn: boolean;
}

const longestProbeEveryMs = 5_000;
// Multiples of the golden ratio spread evenly, however many there are.
const goldenRatio = 0.618_033_988_75;

/** Begins without a group, switched off. */
export function createWatchContext(deps: WatcherDeps): WatchContext {
  return {
    deps,
    groups: new Map(),
    restarts: createRestarts(deps),
    // Twice within the time after which silence means that it hangs.
    probeEveryMs: Math.min(deps.hangTimeoutMs / 2, longestProbeEveryMs),
    places: 0,
    isOn: false,
  };
}

/** Names the files of a group's load balancer. */
export function pathsOf({ deps }: WatchContext, { id }: WatchedGroup): HaproxyPaths {
  return haproxyPaths(deps.roots, id);
}

/** Tells whether a group's process lives, by one small read. */
export function isAlive({ deps }: WatchContext, { process }: WatchedGroup): boolean {
  return process !== undefined && deps.liveness.isAlive(process);
}

/** Runs what nobody waits for; its failure is the log's alone. */
export function background({ deps }: WatchContext, job: Promise<unknown>): void {
  job.catch((thrown: unknown) => deps.log.warning('watching fails', { error: messageOf(thrown) }));
}

/** Plans a restart after a death or a failed start (`upMs` 0), and counts it. */
export function planRestart({ restarts, isOn }: WatchContext, group: WatchedGroup, upMs: number): void {
  const { failures, waitMs } = nextTry(group.failures, upMs);
  group.failures = failures;
  if (isOn) restarts.plan(group, waitMs);
}

/** Begins to know a group by its process; without one, or with the one that is known, it stays what it was. */
export function know(
  context: WatchContext,
  id: LoadBalancerId,
  process: ServiceProcess | undefined,
): WatchedGroup {
  const { deps, groups, restarts, probeEveryMs } = context;
  const before = groups.get(id);
  if (before !== undefined) {
    restarts.cancel(before);
    if (process === undefined || isSameProcess(before.process, process)) return before;
  }
  context.places += 1;
  const exited = process && deps.liveness.exitOf(process);
  const group = newGroup({
    id,
    process,
    exited,
    nowMs: deps.clock.monotonic(),
    place: (context.places * goldenRatio) % 1,
    probeEveryMs,
    before,
  });
  groups.set(id, group);
  void exited?.then(() => died(context, group));
  return group;
}

/** The group has ended, and nobody has said that it should. */
export function died(context: WatchContext, group: WatchedGroup): void {
  const { deps, groups } = context;
  if (group.health === 'down' || groups.get(group.id) !== group) return;
  // One that hung and is being replaced was ended on purpose.
  const isEnded = group.isChanging && group.health === 'hung';
  group.health = 'down';
  // Whoever changes it now either brings it up or says that this failed.
  if (!group.isChanging) planRestart(context, group, deps.clock.monotonic() - group.upSinceMs);
  if (isEnded) return;
  background(context, tellDeath(context, group));
}

async function tellDeath(context: WatchContext, group: WatchedGroup): Promise<void> {
  // A look may find a child dead an instant before the kernel has told how.
  const [exit, words] = await Promise.all([
    group.exited,
    context.deps.crashLog.lastWords(pathsOf(context, group)),
  ]);
  const how = exit && (exit.signal ?? `exit code ${exit.code ?? 'unknown'}`);
  tell(context, group, how === undefined ? 'died' : `died (${how})`, words);
}

/** The group has answered. */
export function heard({ deps, restarts }: WatchContext, group: WatchedGroup): void {
  if (group.health === 'down') return;
  if (group.health === 'hung') {
    restarts.cancel(group);
    deps.log.info('haproxy answers again', { loadBalancer: group.id, pid: group.process?.pid });
  }
  group.health = 'serves';
  group.heardMs = deps.clock.monotonic();
}

/** Keeps how it ended, and tells it: aloud when it is news, quietly when it is the same again. */
export function tell(context: WatchContext, group: WatchedGroup, what: string, words: string): void {
  const { deps, groups, restarts } = context;
  const told = `${what}\n${words}`;
  const isNews = gistOf(group.words) !== gistOf(told);
  group.words = told;
  group.mayHaveCrashLog = true;
  if (!context.isOn) return;
  deps.log[isNews ? 'error' : 'info'](`haproxy ${what}`, {
    loadBalancer: group.id,
    failures: group.failures,
    nextTryInS: restarts.waitS(group),
    output: words === '' ? undefined : words,
  });
  // In its turn, lest it writes into a directory that is being removed.
  const kept = deps.inTurn(group.id, async () => {
    if (groups.has(group.id)) await deps.crashLog.keep(pathsOf(context, group), what, words);
  });
  background(context, kept);
}

/** What was printed without its figures: haproxy puts its pid into each line, which makes no news. */
export function gistOf(words: string): string {
  return words.replaceAll(/\d+/g, '#');
}
