// A wait that somebody may cut short. Asked for while nobody waits, it cuts the next wait short: what is then being sent
// may have been collected before the change. Source: contract/amphora-v0.1.md "Topology".

export interface Hurry {
  /** Ends the present wait, or the next one. */
  ask(): void;
  /** Waits; true when the wait was cut short, and not by the end of all. */
  during(end: AbortSignal, wait: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
}

/** Makes a wait that nobody hurries yet. */
export function createHurry(): Hurry {
  let next = new AbortController();
  const ask = (): void => next.abort();
  return {
    ask,
    async during(end, wait) {
      const { signal } = next;
      if (end.aborted) return false;
      end.addEventListener('abort', ask, { once: true });
      await wait(signal);
      end.removeEventListener('abort', ask);
      if (!signal.aborted) return false;
      next = new AbortController();
      return !end.aborted;
    },
  };
}
