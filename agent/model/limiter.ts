// At most so many at once; the others wait in the order of their calls. For what takes memory or a core each.

export type Limiter = <T>(job: () => Promise<T>) => Promise<T>;

/** Makes a limiter of `most` jobs at once. */
export function createLimiter(most: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (job) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
