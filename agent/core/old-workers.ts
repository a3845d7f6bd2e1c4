// Old workers that linger after reloads because of long sessions: counted, shown, and never cut while they have any.
// Source: DESIGN "haproxy processes" (old workers).
//
// INVARIANTS:
// - only above the allowed number is one asked to end, the oldest first, and no more than are too many;
// - it has then been idle for a whole period: a worker that has just been replaced may be handing over what it knows;
// - load balancers without old workers cost nothing.

import type { OldWorker, OldWorkerControl } from '../haproxy/old-workers';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';

export interface OldWorkers {
  /** Says that a load balancer was reloaded or taken over: it is looked at now, and again for as long as it has old workers. */
  note(id: LoadBalancerId): void;
  /** Looks again every 30 s at those that have old workers, until aborted. */
  start(signal: AbortSignal): void;
  /** The old workers of a load balancer, the oldest first; none when haproxy does not answer. */
  of(id: LoadBalancerId): Promise<readonly OldWorker[]>;
  /** How many each load balancer had when it was looked at last; those without any are not in it. Nobody is asked. */
  counts(): ReadonlyMap<LoadBalancerId, number>;
  /** Load balancers with more old workers than allowed. */
  findings(): Promise<readonly Finding[]>;
}

export interface OldWorkersDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly roots: HaproxyRoots;
  readonly control: OldWorkerControl;
  /** The living process group. */
  readonly living: (id: LoadBalancerId) => Promise<ServiceProcess | undefined>;
  /** How many of one load balancer are let be. */
  readonly most: number;
}

interface Watched {
  /** Monotonic milliseconds at which a worker was first seen, and first seen idle, by pid. */
  readonly seenSinceMs: Map<number, number>;
  readonly idleSinceMs: Map<number, number>;
  warnedMs: number;
  count: number;
}

const periodMs = 30_000;
const silenceMs = 600_000;

/** Makes the watch. */
export function createOldWorkers(deps: OldWorkersDeps): OldWorkers {
  const { clock, log, roots, control } = deps;
  const watched = new Map<LoadBalancerId, Watched>();

  async function of(id: LoadBalancerId): Promise<readonly OldWorker[]> {
    return (await control.list(haproxyPaths(roots, id))) ?? [];
  }

  async function look(id: LoadBalancerId): Promise<void> {
    const workers = await of(id);
    if (workers.length === 0) {
      watched.delete(id);
      return;
    }
    const mine = watched.get(id) ?? unseen();
    watched.set(id, mine);
    mine.count = workers.length;
    const nowMs = clock.monotonic();
    const lasting = since(mine.seenSinceMs, workers, nowMs - periodMs);
    const rested = since(
      mine.idleSinceMs,
      workers.filter(({ isIdle }) => isIdle),
      nowMs - periodMs,
    );
    const excess = Math.max(0, workers.length - deps.most);
    const ended = await endThose(deps, id, rested.slice(0, excess));
    if (lasting.length - ended <= deps.most || nowMs - mine.warnedMs < silenceMs) return;
    mine.warnedMs = nowMs;
    log.warning('more old haproxy workers linger than allowed', figures(id, workers, deps.most));
  }

  async function lookSafely(id: LoadBalancerId): Promise<void> {
    try {
      await look(id);
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      log.warning('old haproxy workers are not looked at', { loadBalancer: id, error: messageOf(thrown) });
    }
  }

  return {
    of,
    note: (id) => void lookSafely(id),
    start(signal) {
      clock.every(periodMs, signal, () => {
        for (const id of watched.keys()) void lookSafely(id);
      });
    },
    counts: () => new Map([...watched].map(([id, { count }]) => [id, count])),
    async findings() {
      const found: Finding[] = [];
      for (const id of watched.keys()) {
        const workers = await of(id);
        if (workers.length > deps.most) found.push(findingOf(id, workers, deps.most));
      }
      return found;
    },
  };
}

function unseen(): Watched {
  return { seenSinceMs: new Map(), idleSinceMs: new Map(), warnedMs: -Infinity, count: 0 };
}

/** Notes who is there now, and gives those that have been since a time. */
function since(
  firstMs: Map<number, number>,
  workers: readonly OldWorker[],
  untilMs: number,
): readonly OldWorker[] {
  const there = new Set(workers.map(({ pid }) => pid));
  for (const pid of firstMs.keys()) if (!there.has(pid)) firstMs.delete(pid);
  for (const pid of there) if (!firstMs.has(pid)) firstMs.set(pid, untilMs + periodMs);
  return workers.filter(({ pid }) => (firstMs.get(pid) ?? Infinity) <= untilMs);
}

async function endThose(
  { log, roots, control, living }: OldWorkersDeps,
  id: LoadBalancerId,
  workers: readonly OldWorker[],
): Promise<number> {
  if (workers.length === 0) return 0;
  const master = await living(id);
  if (master === undefined) return 0;
  let ended = 0;
  for (const { pid, ageS } of workers) {
    if (!(await control.end(haproxyPaths(roots, id), master.pid, pid))) continue;
    log.info('an idle old haproxy worker was asked to end', { loadBalancer: id, pid, ageS });
    ended += 1;
  }
  return ended;
}

function figures(
  id: LoadBalancerId,
  workers: readonly OldWorker[],
  most: number,
): {
  readonly loadBalancer: string;
  readonly count: number;
  readonly most: number;
  readonly sessions: number;
  readonly oldestS: number;
} {
  const sessions = workers.reduce((sum, worker) => sum + (worker.sessions ?? 0), 0);
  return { loadBalancer: id, count: workers.length, most, sessions, oldestS: workers[0]?.ageS ?? 0 };
}

function findingOf(id: LoadBalancerId, workers: readonly OldWorker[], most: number): Finding {
  const { count, sessions, oldestS } = figures(id, workers, most);
  return {
    check: 'old-workers',
    severity: 'warning',
    what: `listener ${id} has ${count} old haproxy workers with ${sessions} connections, the oldest started ${oldestS} s ago; ${most} are allowed`,
    why: 'each keeps its memory and goes on with the configuration and certificates of its time until its last connection ends',
    todo: 'reload less often, let clients end their connections, or set hard_stop_after in [amphorad] to cut them',
  };
}
