// Time by Node's timers. A timer holds at most 2^31 - 1 ms (24.8 days) and fires at once beyond that (Node
// manual, setTimeout), so longer sleeps are made of several.

import type { Clock } from '../clock';

const longestTimerMs = 2 ** 31 - 1;

/** Makes the real clock. */
export function createNodeClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep,
    every(ms, signal, tick) {
      if (signal.aborted) return;
      const timer = setInterval(tick, Math.min(Math.max(1, ms), longestTimerMs)).unref();
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let leftMs = ms;
  do {
    await pause(Math.min(leftMs, longestTimerMs), signal);
    leftMs -= longestTimerMs;
  } while (leftMs > 0);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms).unref();
    signal?.addEventListener('abort', abort, { once: true });
  });
}
