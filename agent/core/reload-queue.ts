// Bursts of reloads share one. A reload that waits has not yet read anything, so whoever asks meanwhile gets the
// true outcome of that one. Source: DESIGN "Who owns what" (one reload window).
//
// INVARIANTS:
// - a shared reload begins after every call that shares it, so it sees all that was acknowledged before the call;
// - the jobs of one load balancer keep the order of the calls: whoever must come after a waiting reload hurries it.

import type { Clock } from '../host/clock';
import type { LoadBalancerId } from '../model/ids';

export interface ReloadQueue<Outcome> {
  /** Runs the job, or shares one that waits. */
  reload(id: LoadBalancerId): Promise<Outcome>;
  /** Ends the wait of a reload that waits for its window, so that it comes before what is called next. */
  hurry(id: LoadBalancerId): void;
}

export interface ReloadQueueDeps<Outcome> {
  readonly clock: Clock;
  /** Milliseconds between the begin of one reload of a load balancer and the next; 0: none. */
  readonly windowMs: number;
  /** Takes the load balancer's turn; `begin` is to be called when the turn has come, before anything is read. */
  readonly run: (id: LoadBalancerId, begin: () => void) => Promise<Outcome>;
}

interface Waiting<Outcome> {
  readonly outcome: Promise<Outcome>;
  readonly impatient: AbortController;
}

/** Makes the queue. */
export function createReloadQueue<Outcome>({
  clock,
  windowMs,
  run,
}: ReloadQueueDeps<Outcome>): ReloadQueue<Outcome> {
  const waiting = new Map<LoadBalancerId, Waiting<Outcome>>();
  const lastBegun = new Map<LoadBalancerId, number>();

  function enter(id: LoadBalancerId): Promise<Outcome> {
    return run(id, () => {
      waiting.delete(id);
      if (windowMs > 0) lastBegun.set(id, clock.monotonic());
    });
  }

  function start(id: LoadBalancerId, impatient: AbortSignal): Promise<Outcome> {
    const remainingMs = (lastBegun.get(id) ?? -Infinity) + windowMs - clock.monotonic();
    if (windowMs <= 0 || remainingMs <= 0) return enter(id);
    return new Promise((resolve) => {
      // Within the call that hurries, so that what the caller does next takes its turn behind the reload.
      impatient.addEventListener('abort', () => resolve(enter(id)), { once: true });
      clock.sleep(remainingMs, impatient).then(
        () => resolve(enter(id)),
        () => undefined,
      );
    });
  }

  return {
    reload(id) {
      const shared = waiting.get(id);
      if (shared !== undefined) return shared.outcome;
      const impatient = new AbortController();
      const outcome = start(id, impatient.signal);
      waiting.set(id, { outcome, impatient });
      return outcome;
    },
    hurry: (id) => waiting.get(id)?.impatient.abort(),
  };
}
