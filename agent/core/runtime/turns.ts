// A queue: at most so many at once, the others in the order of their calls, and nobody waits for ever. `model/limiter`
// waits without a deadline.

import type { Clock } from '../../host/clock';
import { runtimeError } from '../../model/runtime-fault';

export interface Turns {
  /** Runs a job when its turn comes. Throws `busy` when it does not come in time; the job is then never run. */
  take<T>(job: () => Promise<T>): Promise<T>;
}

/** Makes a queue of `most` jobs at once. */
export function createTurns(clock: Clock, most: number, longestWaitMs: number): Turns {
  const waiting = new Set<() => void>();
  let running = 0;

  function turn(): Promise<void> {
    if (running < most) {
      running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const aborter = new AbortController();
      const go = (): void => {
        waiting.delete(go);
        aborter.abort();
        resolve();
      };
      waiting.add(go);
      clock.sleep(longestWaitMs, aborter.signal).then(
        () => {
          if (waiting.delete(go)) reject(runtimeError({ code: 'busy', waitedMs: longestWaitMs }));
        },
        () => undefined,
      );
    });
  }

  return {
    async take(job) {
      await turn();
      try {
        return await job();
      } finally {
        const [next] = waiting;
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
