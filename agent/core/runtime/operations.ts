// Work that goes on after its request was answered: what it has come to so far, for as long as somebody may ask.
// Source: contract/runtime.md 6.1.
//
// INVARIANTS:
// - it lives in memory: a new agent knows of none;
// - bounded in number and in age; what still goes on is never forgotten.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../host/clock';
import type { Log } from '../../host/log';
import { AgentError, messageOf } from '../../model/errors';

export type OperationState = 'waiting' | 'completed' | 'timeout' | 'cancelled' | 'failed';

/** How an operation ended. */
export interface Ending<Progress> {
  readonly state: Exclude<OperationState, 'waiting'>;
  readonly progress: Progress;
  /** Why it did not end well. */
  readonly reason?: string;
}

/** An operation as it is at one moment. */
export interface Operation<Progress> {
  readonly id: string;
  readonly state: OperationState;
  readonly elapsedMs: number;
  readonly progress: Progress;
  readonly reason?: string;
}

/** Does the work; `signal` aborts when it is cancelled. What it throws makes it `failed`, or `cancelled` once aborted. */
export type Work<Progress> = (
  report: (progress: Progress) => void,
  signal: AbortSignal,
) => Promise<Ending<Progress>>;

export interface Operations<Progress> {
  /** Begins work that is as far as `progress`. Throws `unavailable` when too many are under way. */
  begin(progress: Progress, work: Work<Progress>): Operation<Progress>;
  /** Throws `not-found`. */
  get(id: string): Operation<Progress>;
  /** Resolves when it has ended. Throws `not-found`. */
  ended(id: string): Promise<Operation<Progress>>;
  /** Cancels it and resolves when it has ended; one that has ended stays as it is. Throws `not-found`. */
  cancel(id: string): Promise<Operation<Progress>>;
  /** Cancels all and takes no more. */
  stop(): Promise<void>;
}

export interface OperationsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly mostUnderWay?: number;
  readonly mostEnded?: number;
  readonly keepEndedMs?: number;
}

interface Entry<Progress> {
  readonly startedMs: number;
  readonly abort: AbortController;
  done: Promise<void>;
  progress: Progress;
  endedMs?: number;
  ending?: Ending<Progress>;
}

const defaults = { mostUnderWay: 256, mostEnded: 1_000, keepEndedMs: 3_600_000 };

/** Makes an empty table. */
export function createOperations<Progress>(deps: OperationsDeps): Operations<Progress> {
  const { clock, log, mostUnderWay, mostEnded, keepEndedMs } = { ...defaults, ...deps };
  const entries = new Map<string, Entry<Progress>>();
  let isStopped = false;

  function sweep(): void {
    const oldest = clock.monotonic() - keepEndedMs;
    const ended = [...entries].filter(([, { endedMs }]) => endedMs !== undefined);
    let excess = ended.length - mostEnded;
    for (const [id, { endedMs }] of ended.sort(([, a], [, b]) => (a.endedMs ?? 0) - (b.endedMs ?? 0))) {
      if (excess-- > 0 || (endedMs ?? 0) < oldest) entries.delete(id);
    }
  }

  function find(id: string): Entry<Progress> {
    sweep();
    const entry = entries.get(id);
    if (entry === undefined) throw new AgentError('not-found', `operation not found: ${id}`);
    return entry;
  }

  const view = (id: string, entry: Entry<Progress>): Operation<Progress> =>
    viewOf(id, entry, clock.monotonic());

  return {
    begin(progress, work) {
      sweep();
      const underWay = [...entries.values()].filter(({ ending }) => ending === undefined).length;
      if (isStopped || underWay >= mostUnderWay) {
        throw new AgentError('unavailable', 'too many operations are under way', {
          detail: isStopped ? 'the agent is about to stop' : `at most ${mostUnderWay} go on at once`,
        });
      }
      const id = randomUUID();
      const startedMs = clock.monotonic();
      const entry: Entry<Progress> = {
        startedMs,
        abort: new AbortController(),
        done: Promise.resolve(),
        progress,
      };
      entries.set(id, entry);
      entry.done = run(log, clock, id, entry, work);
      return view(id, entry);
    },

    get: (id) => view(id, find(id)),

    async ended(id) {
      const entry = find(id);
      await entry.done;
      return view(id, entry);
    },

    async cancel(id) {
      const entry = find(id);
      entry.abort.abort();
      await entry.done;
      return view(id, entry);
    },

    async stop() {
      isStopped = true;
      for (const { abort } of entries.values()) abort.abort();
      await Promise.all([...entries.values()].map(({ done }) => done));
    },
  };
}

async function run<Progress>(
  log: Log,
  clock: Clock,
  id: string,
  entry: Entry<Progress>,
  work: Work<Progress>,
): Promise<void> {
  const { signal } = entry.abort;
  const report = (progress: Progress): void => {
    entry.progress = progress;
  };
  try {
    entry.ending = await work(report, signal);
    entry.progress = entry.ending.progress;
  } catch (thrown) {
    const { progress } = entry;
    entry.ending = signal.aborted
      ? { state: 'cancelled', progress }
      : { state: 'failed', progress, reason: messageOf(thrown) };
  }
  entry.endedMs = clock.monotonic();
  log.info('operation ended', { operation: id, state: entry.ending.state, reason: entry.ending.reason });
}

function viewOf<Progress>(id: string, entry: Entry<Progress>, nowMs: number): Operation<Progress> {
  const { ending, startedMs, endedMs = nowMs, progress } = entry;
  const { state = 'waiting', reason } = ending ?? {};
  return { id, state, elapsedMs: endedMs - startedMs, progress, ...(reason === undefined ? {} : { reason }) };
}
