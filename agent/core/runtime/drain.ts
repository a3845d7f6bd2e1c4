// Takes a server out of traffic and waits until nobody uses it. haproxy 2.6 has no command that waits, so its
// statistics are asked twice a second. Source: contract/runtime.md 6.1.

import type { ServerMode } from '../../haproxy/runtime/show-servers-state';
import type { Clock } from '../../host/clock';
import { isAgentError, messageOf } from '../../model/errors';
import { joinMs } from './channel';
import type { Ending } from './operations';

/** A server as the wait sees it at one moment. */
export interface DrainLook {
  /** Sessions over all workers. */
  readonly sessions: number;
  readonly queue: number;
  readonly mode: ServerMode;
  /** True when clients with a persistence cookie still come to a draining server. */
  readonly cookiePersistent: boolean;
}

/** The server that is drained. */
export interface DrainTarget {
  look(): Promise<DrainLook>;
  setMode(mode: ServerMode): Promise<void>;
  /** Ends its sessions, on whichever worker they are. */
  cut(): Promise<void>;
  /** Resolves when no change of its haproxy is under way: a new worker is `ready` until it has been told otherwise. */
  settled(): Promise<void>;
}

export interface DrainWish {
  readonly timeoutMs: number;
  /** Set once nobody uses it; undefined leaves it draining. */
  readonly afterwards: 'maint' | 'ready' | undefined;
  /** Whether sessions are cut that are left at the deadline. */
  readonly force: boolean;
}

export interface DrainProgress {
  readonly sessionsStart: number;
  readonly sessions: number;
  readonly queue: number;
  readonly cookiePersistent: boolean;
  /** Sessions that were there when they were cut at the deadline; undefined when none were. */
  readonly cut?: number;
}

export interface DrainContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (progress: DrainProgress) => void;
}

const pollMs = 500;
const quietPolls = 2;
const afterCutMs = 5_000;

/** Sets it draining and looks for the first time. Throws what haproxy refuses. */
export async function beginDrain(target: DrainTarget): Promise<DrainProgress> {
  await target.setMode('drain');
  const { sessions, queue, cookiePersistent } = await target.look();
  return { sessionsStart: sessions, sessions, queue, cookiePersistent };
}

/** Waits for a draining server until two looks in a row find it idle, somebody makes it ready, or the deadline has passed. Rejects when aborted or when the server is gone. */
export async function awaitDrain(
  target: DrainTarget,
  wish: DrainWish,
  begun: DrainProgress,
  { clock, signal, report }: DrainContext,
): Promise<Ending<DrainProgress>> {
  let deadlineMs = clock.monotonic() + wish.timeoutMs;
  let progress = begun;
  let quiet = isQuiet(begun) ? 1 : 0;
  for (;;) {
    await clock.sleep(pollMs, signal);
    const seen = await lookAgain(target, clock, signal);
    signal.throwIfAborted();
    if ('look' in seen) {
      const { sessions, queue, mode, cookiePersistent } = seen.look;
      progress = { ...progress, sessions, queue, cookiePersistent };
      report(progress);
      if (mode === 'ready') return { state: 'cancelled', progress, reason: 'the server was made ready' };
    }
    quiet = 'look' in seen && isQuiet(seen.look) ? quiet + 1 : 0;
    if (quiet >= quietPolls) {
      if (wish.afterwards !== undefined) await target.setMode(wish.afterwards);
      return { state: 'completed', progress };
    }
    if (clock.monotonic() < deadlineMs) continue;
    if ('unanswered' in seen) return { state: 'failed', progress, reason: seen.unanswered };
    if (!wish.force || progress.cut !== undefined) return { state: 'timeout', progress };
    // Before the cut, or clients with a cookie are back at once.
    if (wish.afterwards === 'maint') await target.setMode('maint');
    await target.cut();
    progress = { ...progress, cut: progress.sessions };
    report(progress);
    deadlineMs = clock.monotonic() + afterCutMs;
  }
}

const isQuiet = ({ sessions, queue }: Pick<DrainLook, 'sessions' | 'queue'>): boolean =>
  sessions === 0 && queue === 0;

/** A haproxy that does not answer for a while may be about to; only the deadline ends that. */
async function lookAgain(
  target: DrainTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly look: DrainLook } | { readonly unanswered: string }> {
  try {
    const look = await target.look();
    if (look.mode !== 'ready') return { look };
    await target.settled();
    // A look right behind another one may be told what that one saw.
    await clock.sleep(2 * joinMs, signal);
    return { look: await target.look() };
  } catch (thrown) {
    if (!isAgentError(thrown, 'unavailable') && !isAgentError(thrown, 'timeout')) throw thrown;
    return { unanswered: messageOf(thrown) };
  }
}
