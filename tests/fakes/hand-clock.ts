// A clock that only moves when a test moves it. Sleeps and ticks that fall due run in order, each one
// seeing the time at which it was due.

import type { Clock } from '../../agent/host/clock';

export interface HandClock extends Clock {
  /** Moves both clocks by `ms`, running what falls due in order, and lets all that follows from it settle. */
  advance(ms: number): Promise<void>;
  /** Moves wall time only, either way, as ntpd or an operator would; nothing falls due by it. */
  jumpWall(ms: number): void;
  /** Moves both clocks as if this process had been stopped meanwhile: what fell due runs late, and tickers tick once. */
  standStill(ms: number): void;
  /** How many sleeps and tickers wait. */
  pending(): number;
}

interface Timer {
  dueMs: number;
  order: number;
  readonly fire: () => void;
}

/** Makes a clock that stands at `startMs` of wall time. Its monotonic time starts above 0, as a real one does. */
export function createHandClock(startMs = 1_700_000_000_000): HandClock {
  const timers = new Set<Timer>();
  let monotonicMs = 1_000_000;
  let wallOffsetMs = startMs - monotonicMs;
  let lastOrder = 0;

  const add = (delayMs: number, fire: () => void): Timer => {
    const timer = { dueMs: monotonicMs + delayMs, order: ++lastOrder, fire };
    timers.add(timer);
    return timer;
  };

  const nextDue = (untilMs: number): Timer | undefined =>
    [...timers]
      .filter((timer) => timer.dueMs <= untilMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
      .at(0);

  return {
    now: () => monotonicMs + wallOffsetMs,
    monotonic: () => monotonicMs,

    async sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms <= 0) return;
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          timers.delete(timer);
          reject(signal?.reason as Error);
        };
        const timer = add(ms, () => {
          timers.delete(timer);
          signal?.removeEventListener('abort', abort);
          resolve();
        });
        signal?.addEventListener('abort', abort, { once: true });
      });
    },

    every(ms, signal, tick) {
      if (signal.aborted) return;
      const periodMs = Math.max(1, ms);
      const timer = add(periodMs, () => {
        timer.dueMs = monotonicMs + periodMs;
        timer.order = ++lastOrder;
        tick();
      });
      signal.addEventListener('abort', () => timers.delete(timer), { once: true });
    },

    async advance(ms) {
      const targetMs = monotonicMs + ms;
      await settle();
      for (let timer = nextDue(targetMs); timer !== undefined; timer = nextDue(targetMs)) {
        monotonicMs = Math.max(monotonicMs, timer.dueMs);
        timer.fire();
        await settle();
      }
      monotonicMs = targetMs;
      await settle();
    },

    jumpWall: (ms) => {
      wallOffsetMs += ms;
    },
    standStill: (ms) => {
      monotonicMs += ms;
    },
    pending: () => timers.size,
  };
}

// One turn of the event loop drains the whole queue of microtasks, however long the chain of awaits.
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
