// What listeners have served over all their workers: every reload begins a worker that counts from 0, while the one
// before goes on for its sessions. Source: contract/heartbeat.md "Counters over reloads and crashes".
//
// INVARIANTS:
// - a worker is its pid and its start; what it counts is added once, as the growth since its last sample;
// - of a worker that began before this ledger nothing is added but what it counts from its first sample on, or from
//   where another agent's figures end.

import type { WorkerIdentity } from '../haproxy/worker-tap';
import type { ListenerCounters } from '../model/health';
import type { LoadBalancerId } from '../model/ids';

/** Bytes in, bytes out, connections, request errors. */
export type Figures = readonly [number, number, number, number];

export interface WorkerEntry extends WorkerIdentity {
  readonly loadBalancer: LoadBalancerId;
  readonly listeners: Readonly<Record<string, Figures>>;
}

/** As it is kept on disk. */
export interface LedgerEntries {
  /** Clock ticks from boot: an unknown worker that began earlier may have been counted by somebody else. */
  readonly sinceTicks: string;
  readonly totals: Readonly<Record<string, Readonly<Record<string, Figures>>>>;
  readonly workers: readonly WorkerEntry[];
}

export interface WorkerLedger {
  /** Adds what a worker has served since it was last seen. */
  note(
    id: LoadBalancerId,
    worker: WorkerIdentity,
    counters: ReadonlyMap<string, { readonly counters: ListenerCounters }>,
  ): void;
  /** What a listener has served in all. */
  total(id: LoadBalancerId, listener: string): ListenerCounters;
  /** A worker is gone: what it has served stays. */
  forget(worker: WorkerIdentity): void;
  /** Drops the listeners of a load balancer but these. */
  keepListeners(id: LoadBalancerId, listeners: ReadonlySet<string>): void;
  /** Drops the load balancers but these. */
  keepLoadBalancers(ids: ReadonlySet<LoadBalancerId>): void;
  /** Names of the listeners that were dropped since this was last asked: should one come back, it begins at 0. */
  takeDropped(): readonly string[];
  load(entries: LedgerEntries): void;
  /** What listeners had served when another agent counted them last: they go on from there. */
  continueFrom(figures: ReadonlyMap<string, Figures>): void;
  entries(): LedgerEntries;
}

type ByListener = Map<string, Figures>;
interface KnownWorker extends WorkerIdentity {
  readonly loadBalancer: LoadBalancerId;
  readonly last: ByListener;
}

const nothing: Figures = [0, 0, 0, 0];

/** Makes an empty ledger. */
export function createWorkerLedger(): WorkerLedger {
  let sinceTicks = '0';
  const totals = new Map<string, ByListener>();
  const workers = new Map<string, KnownWorker>();
  const dropped = new Set<string>();
  const inherited = new Map<string, Figures>();
  const totalsOf = (id: LoadBalancerId): ByListener => {
    const known = totals.get(id) ?? new Map<string, Figures>();
    totals.set(id, known);
    return known;
  };

  return {
    note: (id, worker, counters) => {
      const since = Number(sinceTicks);
      noteWorker({ workers, inherited, sums: totalsOf(id), since }, id, worker, counters);
    },
    total: (id, listener) => countersOf(totals.get(id)?.get(listener) ?? nothing),
    forget: (worker) => void workers.delete(keyOf(worker)),
    keepListeners(id, listeners) {
      const sums = totals.get(id);
      for (const name of sums?.keys() ?? []) {
        if (listeners.has(name)) continue;
        sums?.delete(name);
        dropped.add(name);
      }
    },
    keepLoadBalancers(ids) {
      for (const [id, sums] of totals) {
        if (ids.has(id as LoadBalancerId)) continue;
        totals.delete(id);
        for (const name of sums.keys()) dropped.add(name);
      }
      for (const [key, { loadBalancer }] of workers) if (!ids.has(loadBalancer)) workers.delete(key);
    },
    takeDropped() {
      const names = [...dropped];
      dropped.clear();
      return names;
    },
    load(entries) {
      sinceTicks = entries.sinceTicks;
      for (const [id, sums] of Object.entries(entries.totals)) totals.set(id, new Map(Object.entries(sums)));
      for (const { listeners, ...worker } of entries.workers) {
        workers.set(keyOf(worker), { ...worker, last: new Map(Object.entries(listeners)) });
      }
    },
    continueFrom(figures) {
      for (const [name, each] of figures) inherited.set(name, each);
    },
    entries: () => entriesOf(sinceTicks, totals, workers),
  };
}

interface Books {
  readonly workers: Map<string, KnownWorker>;
  readonly inherited: ByListener;
  readonly sums: ByListener;
  /** Clock ticks from boot. */
  readonly since: number;
}

function noteWorker(
  { workers, inherited, sums, since }: Books,
  loadBalancer: LoadBalancerId,
  { pid, startTicks }: WorkerIdentity,
  counters: Parameters<WorkerLedger['note']>[2],
): void {
  const key = keyOf({ pid, startTicks });
  const known = workers.get(key);
  const mine = known ?? { pid, startTicks, loadBalancer, last: new Map<string, Figures>() };
  workers.set(key, mine);
  const isForeign = known === undefined && Number(startTicks) < since;
  for (const [name, { counters: counted }] of counters) {
    const now = figuresOf(counted);
    const then = inherited.get(name);
    inherited.delete(name);
    const grown = growth(isForeign ? (then ?? now) : (mine.last.get(name) ?? nothing), now);
    // A name that was cut out of an answer would keep all of it in memory.
    const listener = mine.last.has(name) && sums.has(name) ? name : owned(name);
    mine.last.set(listener, now);
    sums.set(listener, add(sums.get(name) ?? then ?? nothing, grown));
  }
}

function entriesOf(
  sinceTicks: string,
  totals: ReadonlyMap<string, ByListener>,
  workers: ReadonlyMap<string, KnownWorker>,
): LedgerEntries {
  return {
    sinceTicks,
    totals: Object.fromEntries([...totals].map(([id, sums]) => [id, Object.fromEntries(sums)])),
    workers: [...workers.values()].map(({ last, ...worker }) => ({
      ...worker,
      listeners: Object.fromEntries(last),
    })),
  };
}

/** How far counters have come; one that went backwards was reset, and counts from 0. */
export function growth(before: Figures, now: Figures): Figures {
  const grown = (at: 0 | 1 | 2 | 3): number => (now[at] < before[at] ? now[at] : now[at] - before[at]);
  return [grown(0), grown(1), grown(2), grown(3)];
}

/** Counters as they are kept. */
export function figuresOf(counters: ListenerCounters): Figures {
  return [counters.bytesIn, counters.bytesOut, counters.connections, counters.requestErrors];
}

/** The counterpart of `figuresOf`. */
export function countersOf([bytesIn, bytesOut, connections, requestErrors]: Figures): ListenerCounters {
  return { bytesIn, bytesOut, connections, requestErrors };
}

function add(a: Figures, b: Figures): Figures {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

function keyOf({ pid, startTicks }: WorkerIdentity): string {
  return `${pid}.${startTicks}`;
}

function owned(name: string): string {
  return JSON.parse(JSON.stringify(name)) as string;
}
