// haproxy's listeners and pools as they are now, of all load balancers side by side: nobody waits long for one that is
// slow, nor again until it has answered; its last word stands for one message, and then it is left out.
// Source: contract/heartbeat.md "Timing", "Counters over reloads".

import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { TapDeps } from '../haproxy/worker-tap';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { HealthSource, ListenerSample, PoolSample } from '../model/health';
import type { LoadBalancerId } from '../model/ids';
import { createWorkerTaps, type TapsSample, type WorkerTaps } from './haproxy-taps';
import type { WorkerLedger } from './worker-ledger';

export interface HaproxyHealth extends HealthSource {
  /** Takes a last sample of a worker that a signal is about to replace. Never throws; over after its deadline. */
  beforeReload(id: LoadBalancerId): Promise<void>;
  /** What the newest look at one gave, unless it is older; nobody is asked. */
  lastSample(id: LoadBalancerId, notOlderMs: number): TapsSample | undefined;
  /** Looks after replaced workers until aborted, and then lets go of all. */
  start(signal: AbortSignal): void;
}

export interface HaproxyHealthDeps extends TapDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly roots: HaproxyRoots;
  readonly ids: () => Promise<readonly LoadBalancerId[]>;
  readonly ledger: WorkerLedger;
  /** Writes the ledger down. */
  readonly keep: () => Promise<unknown>;
  /** Whether anybody is to be told: else nothing is opened or held. */
  readonly isWanted: () => boolean;
  /** Milliseconds from one collection to the next. */
  readonly intervalMs: () => number;
}

interface Group {
  readonly taps: WorkerTaps;
  job: Promise<unknown>;
  /** A job of it took longer than its deadline and goes on. */
  isLate: boolean;
  /** What the newest look gave, with its monotonic time in milliseconds; undefined when that gave nothing. */
  last: { readonly sample: TapsSample; readonly atMs: number } | undefined;
}

const deadlineMs = 2_000;
const shortestMs = 100;
// What the others have to say must not be late for the sake of one.
const intervalPart = 0.1;
// One message, and not the one after it.
const staleAfterIntervals = 1.5;
const restlessMs = 250;

/** Makes the source. */
export function createHaproxyHealth(deps: HaproxyHealthDeps): HaproxyHealth {
  const { clock, ledger } = deps;
  const groups = createGroups(deps);
  return {
    async sample() {
      const listeners = new Map<string, ListenerSample>();
      const pools = new Map<string, PoolSample>();
      const ids = await deps.ids();
      const there = new Set(ids);
      groups.keep(there);
      ledger.keepLoadBalancers(there);
      const intervalMs = deps.intervalMs();
      const withinMs = Math.min(deadlineMs, Math.max(shortestMs, intervalMs * intervalPart));
      const found = await Promise.all(ids.map((id) => groups.look(id, withinMs)));
      for (const [index, id] of ids.entries()) {
        const fresh = found[index];
        if (fresh !== undefined) ledger.keepListeners(id, new Set(fresh.present.listeners.keys()));
        const sample = fresh ?? groups.lastWord(id, intervalMs * staleAfterIntervals);
        if (sample === undefined) continue;
        for (const [name, listener] of listenersOf(id, sample, ledger)) listeners.set(name, listener);
        for (const [name, pool] of sample.present.pools) pools.set(name, pool);
      }
      return { listeners, pools };
    },

    async beforeReload(id) {
      if (!deps.isWanted()) return;
      await groups.look(id);
      groups.of(id).taps.expectReload();
    },

    lastSample: (id, notOlderMs) => groups.lastSample(id, notOlderMs),

    start(signal) {
      const nobody = new Set<LoadBalancerId>();
      clock.every(restlessMs, signal, () => {
        if (!deps.isWanted()) groups.keep(nobody);
        for (const id of groups.restless()) void groups.inTime(id, (taps) => taps.lookAtOld());
      });
      signal.addEventListener('abort', () => groups.keep(nobody));
    },
  };
}

interface Groups {
  of(id: LoadBalancerId): Group;
  /** Samples one in its turn; undefined as for `inTime`. */
  look(id: LoadBalancerId, withinMs?: number): Promise<TapsSample | undefined>;
  /** What one said last, unless that is older. */
  lastSample(id: LoadBalancerId, notOlderMs: number): TapsSample | undefined;
  /** The same of one that is late. */
  lastWord(id: LoadBalancerId, notOlderMs: number): TapsSample | undefined;
  /** Runs a job in its turn; undefined when it fails or is late, and at once while an earlier one is. */
  inTime<T>(
    id: LoadBalancerId,
    job: (taps: WorkerTaps) => Promise<T>,
    withinMs?: number,
  ): Promise<T | undefined>;
  restless(): readonly LoadBalancerId[];
  /** Lets go of all but these. */
  keep(ids: ReadonlySet<LoadBalancerId>): void;
}

function createGroups(deps: HaproxyHealthDeps): Groups {
  const { clock, log } = deps;
  const groups = new Map<LoadBalancerId, Group>();

  function of(id: LoadBalancerId): Group {
    const known = groups.get(id);
    if (known !== undefined) return known;
    const paths = haproxyPaths(deps.roots, id);
    const taps = createWorkerTaps({ ...deps, id, paths, monotonic: () => clock.monotonic() });
    const made: Group = { taps, job: Promise.resolve(), isLate: false, last: undefined };
    groups.set(id, made);
    return made;
  }

  function noted(id: LoadBalancerId, thrown: unknown): undefined {
    const level = isAgentError(thrown, 'timeout') || isAgentError(thrown, 'unavailable') ? 'debug' : 'error';
    log[level]('haproxy does not tell its statistics', { loadBalancer: id, error: messageOf(thrown) });
    return undefined;
  }

  const lastSample: Groups['lastSample'] = (id, notOlderMs) =>
    recentSample(groups.get(id), clock.monotonic() - notOlderMs);

  async function inTime<T>(
    id: LoadBalancerId,
    job: (taps: WorkerTaps) => Promise<T>,
    withinMs = deadlineMs,
  ): Promise<T | undefined> {
    const group = of(id);
    if (group.isLate) return undefined;
    const mine = group.job.then(() => job(group.taps)).catch((thrown: unknown) => noted(id, thrown));
    group.job = mine;
    const aborter = new AbortController();
    const late = clock.sleep(withinMs, aborter.signal).then(
      () => {
        group.isLate = true;
        void mine.then(() => (group.isLate = false));
        log.warning('haproxy does not tell its statistics in time', { loadBalancer: id });
        return undefined;
      },
      () => undefined,
    );
    const outcome = await Promise.race([mine, late]);
    aborter.abort();
    return outcome;
  }

  return {
    of,
    inTime,
    look: (id, withinMs) => inTime(id, () => lookAt(of(id), clock), withinMs),
    lastSample,
    lastWord: (id, notOlderMs) => (of(id).isLate ? lastSample(id, notOlderMs) : undefined),
    restless: () =>
      [...groups].filter(([, { taps, isLate }]) => !isLate && taps.isRestless()).map(([id]) => id),
    keep(ids) {
      for (const [id, { taps }] of groups) {
        if (ids.has(id)) continue;
        taps.close();
        groups.delete(id);
      }
    },
  };
}

function recentSample(group: Group | undefined, sinceMs: number): TapsSample | undefined {
  const last = group?.last;
  return last !== undefined && last.atMs >= sinceMs ? last.sample : undefined;
}

async function lookAt(group: Group, clock: Clock): Promise<TapsSample | undefined> {
  let sample: TapsSample | undefined;
  try {
    sample = await group.taps.look();
    return sample;
  } finally {
    // What has failed is no last word: haproxy may be gone.
    group.last = sample && { sample, atMs: clock.monotonic() };
  }
}

function* listenersOf(
  id: LoadBalancerId,
  { present, lingering }: TapsSample,
  ledger: WorkerLedger,
): Iterable<readonly [string, ListenerSample]> {
  for (const [name, { status, current }] of present.listeners) {
    const counters = ledger.total(id, name);
    yield [name, { status, current: current + (lingering.get(name) ?? 0), counters }];
  }
}
