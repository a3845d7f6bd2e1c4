// The seam to time. Wall time for what people and protocols read, monotonic time for every interval.

export interface Clock {
  /** Wall time, milliseconds since the epoch. May jump either way. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. Does not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `tick` every `ms` until aborted. Does not keep the process alive. */
  every(ms: number, signal: AbortSignal, tick: () => void): void;
}
