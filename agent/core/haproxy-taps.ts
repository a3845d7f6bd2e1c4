// The workers of one load balancer, each with a connection that stays: the one that serves, and those that reloads
// have replaced, until they have no connection left and their last figures are in the ledger and on disk.
//
// INVARIANTS:
// - one job at a time for each load balancer;
// - a replaced worker is let go of as soon as it is seen without connections, whatever became of writing that down.

import type { HaproxyPaths } from '../haproxy/paths';
import type { WorkerSample } from '../haproxy/runtime/scan-stat';
import { reachOldWorkers, tapPresentWorker, type TapDeps, type WorkerTap } from '../haproxy/worker-tap';
import { isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { createPartedWorkers, hasEnded, type PartedWorkers } from './parted-workers';
import type { WorkerLedger } from './worker-ledger';

export interface WorkerTaps {
  /** Samples all workers. What the one that serves says, and connections that older ones still have; undefined when none answers. */
  look(): Promise<TapsSample | undefined>;
  /** Samples those that reloads have replaced, and lets go of those that are done. */
  lookAtOld(): Promise<void>;
  /** Says that a signal is about to replace the worker that serves. */
  expectReload(): void;
  /** Whether there is anything to look at between two messages. */
  isRestless(): boolean;
  /** Lets go of all. */
  close(): void;
}

export interface TapsSample {
  readonly present: WorkerSample;
  /** Connections on older workers, by listener. */
  readonly lingering: ReadonlyMap<string, number>;
}

export interface WorkerTapsDeps extends TapDeps {
  readonly id: LoadBalancerId;
  readonly paths: HaproxyPaths;
  readonly ledger: WorkerLedger;
  /** Writes the ledger down. */
  readonly keep: () => Promise<unknown>;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
}

// As long as a reload may take (haproxy/process), and a bit.
const expectationMs = 60_000;

/** Makes the taps of one load balancer; nothing is opened yet. */
export function createWorkerTaps(deps: WorkerTapsDeps): WorkerTaps {
  const { id, ledger } = deps;
  const parted = createPartedWorkers(deps);
  const old = createOldTaps(deps, parted);
  let present: WorkerTap | undefined;
  let expectedUntilMs = -Infinity;
  let isClosed = false;
  const open = (): Promise<WorkerTap | undefined> => openPresent(deps, old, () => isClosed);
  const isExpecting = (): boolean => deps.monotonic() < expectedUntilMs;

  async function samplePresent(): Promise<WorkerSample | undefined> {
    // Twice: a worker may be replaced, or have ended, since it was last asked.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      present ??= await open();
      const tap = present;
      if (tap === undefined) return undefined;
      const sample = await orGone(() => tap.sample());
      if (sample !== undefined) ledger.note(id, tap.worker, sample.listeners);
      const isSuspect = sample?.isStopped === true || isExpecting();
      const life = sample && isSuspect ? await orGone(() => tap.life()) : undefined;
      if (sample !== undefined && (!isSuspect || life?.isReplaced === false)) return sample;
      present = undefined;
      if (life === undefined) {
        tap.close();
        parted.add(tap.worker);
        continue;
      }
      old.add(tap);
      expectedUntilMs = -Infinity;
    }
    return undefined;
  }

  return {
    async look() {
      const sample = await samplePresent();
      const lingering = await old.look();
      parted.sweep();
      return sample && { present: sample, lingering };
    },
    async lookAtOld() {
      if (isExpecting()) await samplePresent();
      await old.look();
    },
    expectReload: () => {
      expectedUntilMs = deps.monotonic() + expectationMs;
    },
    isRestless: () => old.count() > 0 || isExpecting(),
    close() {
      isClosed = true;
      present?.close();
      present = undefined;
      old.close();
    },
  };
}

async function openPresent(
  deps: WorkerTapsDeps,
  old: OldTaps,
  isClosed: () => boolean,
): Promise<WorkerTap | undefined> {
  const tap = await orGone(() => tapPresentWorker(deps, deps.paths));
  if (tap === undefined) return undefined;
  if (!isClosed() && !old.has(tap)) {
    await old.find(tap);
    // Nobody would let go of what is opened for those who have closed meanwhile.
    if (!isClosed()) return tap;
  }
  tap.close();
  return undefined;
}

interface OldTaps {
  add(tap: WorkerTap): void;
  has(tap: WorkerTap): boolean;
  count(): number;
  /** Adds those that only their master knows of. */
  find(present: WorkerTap): Promise<void>;
  /** Samples them and lets go of those that are done; gives the connections that they have, by listener. */
  look(): Promise<ReadonlyMap<string, number>>;
  close(): void;
}

function createOldTaps(deps: WorkerTapsDeps, parted: PartedWorkers): OldTaps {
  const { id, ledger, runner } = deps;
  let taps: readonly WorkerTap[] = [];

  /** True when all that a replaced worker ever counts is in the ledger. */
  async function finish(tap: WorkerTap, lingering: Map<string, number>): Promise<boolean> {
    try {
      // In this order: what it counts once it has no connection is its last word.
      const life = await tap.life();
      const sample = await tap.sample();
      ledger.note(id, tap.worker, sample.listeners);
      for (const [name, { current }] of sample.listeners) {
        lingering.set(name, (lingering.get(name) ?? 0) + current);
      }
      return life.isReplaced && life.connections === 0;
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      // Its master may only be between two lives.
      return hasEnded(runner, tap.worker);
    }
  }

  return {
    add: (tap) => void (taps = [...taps, tap]),
    has: (tap) => isKnown(tap, taps),
    count: () => taps.length,
    async find(present) {
      const found = await reachOldWorkers(deps, deps.paths).catch(noneWhenSilent);
      taps = [...taps, ...found.filter((one) => !isKnown(one, [present, ...taps]))];
    },
    async look() {
      const lingering = new Map<string, number>();
      const asked = taps;
      const done = await Promise.all(asked.map((tap) => finish(tap, lingering)));
      const ended = asked.filter((_, index) => done[index] === true);
      if (ended.length === 0) return lingering;
      await deps.keep();
      taps = taps.filter((tap) => !ended.includes(tap));
      for (const tap of ended) {
        tap.close();
        parted.add(tap.worker);
      }
      return lingering;
    },
    close() {
      for (const tap of taps) tap.close();
      taps = [];
    },
  };
}

function isKnown({ worker }: WorkerTap, among: readonly WorkerTap[]): boolean {
  return among.some((tap) => tap.worker.pid === worker.pid && tap.worker.startTicks === worker.startTicks);
}

/** A master that does not answer must not silence the worker that does. */
function noneWhenSilent(thrown: unknown): readonly WorkerTap[] {
  if (isAgentError(thrown, 'unavailable') || isAgentError(thrown, 'timeout')) return [];
  throw thrown;
}

/** Undefined when the worker is gone or has hung up; one that is only late throws `timeout`, and keeps its connection. */
async function orGone<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    if (isAgentError(thrown, 'unavailable')) return undefined;
    throw thrown;
  }
}
