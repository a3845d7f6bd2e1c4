// An answer that is of no use when it is late: whoever hangs must not keep the others from being told of.

import type { Clock } from '../host/clock';

/** Runs a job; undefined when it is not done in so many milliseconds, and its end is then nobody's. */
export async function inTime<T>(
  clock: Pick<Clock, 'sleep'>,
  deadlineMs: number,
  job: () => Promise<T>,
): Promise<T | undefined> {
  const aborter = new AbortController();
  const late = clock.sleep(deadlineMs, aborter.signal).then(
    () => undefined,
    () => undefined,
  );
  const running = job();
  // What fails later fails unheard.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, late]);
  } finally {
    aborter.abort();
  }
}
