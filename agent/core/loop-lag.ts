// Whether the event loop keeps up: a timer that looks how late it is itself. A stream of such looks adds up for any
// number of readers, which a figure that each of them resets would not.

import type { Clock } from '../host/clock';
import type { Counters } from './counters';

export interface LoopLag {
  /** Looks twice a second until aborted. */
  start(signal: AbortSignal): void;
  /** Milliseconds since the last look; 0 before the first. */
  sinceLookMs(): number;
}

const periodMs = 500;

/** Makes the watch. */
export function createLoopLag(clock: Clock, counters: Pick<Counters, 'observe'>): LoopLag {
  let lastMs: number | undefined;
  return {
    start(signal) {
      lastMs = clock.monotonic();
      clock.every(periodMs, signal, () => {
        const nowMs = clock.monotonic();
        const lateMs = Math.max(0, nowMs - (lastMs ?? nowMs) - periodMs);
        lastMs = nowMs;
        counters.observe('amphorad_event_loop_lag_seconds', lateMs / 1_000);
      });
    },
    sinceLookMs: () => (lastMs === undefined ? 0 : clock.monotonic() - lastMs),
  };
}
