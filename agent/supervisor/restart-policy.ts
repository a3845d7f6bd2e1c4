// When a process group that died is started again: after 1 s, then twice as long each time up to 60 s; one that was
// up for 60 s begins anew. Pure. Source: DESIGN "Watch".

export interface NextTry {
  /** Deaths and failed starts in a row, this one included. */
  readonly failures: number;
  readonly waitMs: number;
}

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/** So long a group must be up to count as sound again. */
export const soundAfterMs = 60_000;

/** Decides when to try again after a death, or after a start that failed (`upMs` 0). */
export function nextTry(failuresBefore: number, upMs: number): NextTry {
  const failures = (upMs >= soundAfterMs ? 0 : failuresBefore) + 1;
  return { failures, waitMs: Math.min(firstWaitMs * 2 ** (failures - 1), longestWaitMs) };
}
