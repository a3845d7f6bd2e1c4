// One change at a time per key; different keys run side by side.
//
// INVARIANTS:
// - jobs of one key start in the order of the calls, and one ends before the next starts;
// - a job that throws does not stop the jobs behind it;
// - a key with no job takes no memory.

export interface Gate<Key> {
  /** Runs `job` when all earlier jobs of `key` have ended, and passes its outcome on. */
  run<T>(key: Key, job: () => Promise<T>): Promise<T>;
}

/** Makes a gate. */
export function createGate<Key>(): Gate<Key> {
  const tails = new Map<Key, Promise<unknown>>();
  return {
    async run(key, job) {
      const before = tails.get(key) ?? Promise.resolve();
      const mine = before.then(job, job);
      const tail = mine.catch(() => undefined);
      tails.set(key, tail);
      try {
        return await mine;
      } finally {
        if (tails.get(key) === tail) tails.delete(key);
      }
    },
  };
}
