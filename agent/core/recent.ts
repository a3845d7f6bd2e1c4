// A value that many callers may ask for at once and that stays good for a moment (DESIGN: Speed and size).
//
// INVARIANTS: one reading at a time, which all callers share; a failed reading is never kept; age counts from the
// start of a reading, so nobody gets a value older than promised.

import type { Clock } from '../host/clock';

interface Reading<Value> {
  readonly startedMs: number;
  readonly value: Promise<Value>;
  isPending: boolean;
}

/** Makes a reader that reuses a value for `maxAgeMs` milliseconds. Throws what `read` throws. */
export function createRecent<Value>(
  clock: Clock,
  maxAgeMs: number,
  read: () => Promise<Value>,
): () => Promise<Value> {
  let last: Reading<Value> | undefined;

  return async () => {
    const nowMs = clock.monotonic();
    if (last !== undefined && (last.isPending || nowMs - last.startedMs <= maxAgeMs)) return last.value;
    const reading: Reading<Value> = { startedMs: nowMs, value: read(), isPending: true };
    last = reading;
    try {
      return await reading.value;
    } catch (thrown) {
      last = undefined;
      throw thrown;
    } finally {
      reading.isPending = false;
    }
  };
}
