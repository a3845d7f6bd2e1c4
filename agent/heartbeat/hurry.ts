// A wait that somebody may cut short. Asked for while nobody waits, it cuts the next wait short: what is then being sent
// may have been collected before the change. Source: contract/amphora-v0.1.md "Topology".

export interface Hurry {
  /** Ends the present wait, or the next one. */
  ask(): void;
  /** Waits; true when the wait was cut short. */
  during(wait: (hurried: AbortSignal) => Promise<void>): Promise<boolean>;
}

/** Makes a wait that nobody hurries yet. */
export function createHurry(): Hurry {
  let next = new AbortController();
  return {
    ask: () => next.abort(),
    async during(wait) {
      const { signal } = next;
      await wait(signal);
      if (!signal.aborted) return false;
      next = new AbortController();
      return true;
    },
  };
}
