// Looks at the servers of one instance for everybody who listens, once a second.
//
// INVARIANTS:
// - a listener first gets what it has missed since the event that it names, or a snapshot of all servers;
// - one that does not keep up gets a snapshot in place of what it has missed, so that what is kept for it is bounded.

import type { Clock } from '../../host/clock';
import type { Log } from '../../host/log';
import { isAgentError, messageOf } from '../../model/errors';
import { serverChanges, type ServerEvent, type ServerNow } from './server-changes';

export interface NumberedEvent {
  /** Unique over the lives of a poller. */
  readonly id: string;
  readonly event: ServerEvent;
}

export interface Subscription {
  /** Resolves with what has happened, with nothing after `quietMs` of silence, and with undefined when it has ended. */
  next(quietMs: number, gone: AbortSignal): Promise<readonly NumberedEvent[] | undefined>;
  close(): void;
}

export interface ServerPoller {
  /** `after` is the last event that the subscriber has had. */
  subscribe(after: string | undefined): Subscription;
  /** How many subscribe. */
  size(): number;
  /** Ends all subscriptions. */
  end(): void;
}

export interface ServerPollerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly look: () => Promise<readonly ServerNow[]>;
  /** Called once when it has ended, by itself or when the last subscriber has left. */
  readonly ended: () => void;
}

interface Subscriber {
  pending: readonly NumberedEvent[];
  isEnded: boolean;
  wake: () => void;
}

interface Seen {
  /** The last events, for those who come back. */
  recent: readonly NumberedEvent[];
  /** What everybody knows now: a snapshot, or that haproxy does not answer; undefined before the first look. */
  latest: Extract<ServerEvent, { type: 'snapshot' | 'unavailable' }> | undefined;
  count: number;
}

const pollMs = 1_000;
const mostRecent = 256;
const mostPending = 1_024;

/** Begins to look. */
export function createServerPoller(deps: ServerPollerDeps): ServerPoller {
  const { clock } = deps;
  const born = clock.now();
  const abort = new AbortController();
  const subscribers = new Set<Subscriber>();
  const seen: Seen = { recent: [], latest: undefined, count: 0 };

  function publish(events: readonly ServerEvent[]): void {
    const numbered = events.map((event) => ({ id: `${born}-${++seen.count}`, event }));
    seen.recent = [...seen.recent, ...numbered].slice(-mostRecent);
    for (const subscriber of subscribers) {
      const pending = [...subscriber.pending, ...numbered];
      subscriber.pending = pending.length > mostPending ? whole() : pending;
      if (numbered.length > 0) subscriber.wake();
    }
  }

  function whole(): readonly NumberedEvent[] {
    return seen.latest === undefined ? [] : [{ id: `${born}-${seen.count}`, event: seen.latest }];
  }

  function end(): void {
    if (abort.signal.aborted) return;
    abort.abort();
    for (const subscriber of subscribers) {
      subscriber.isEnded = true;
      subscriber.wake();
    }
    subscribers.clear();
    deps.ended();
  }

  void poll(deps, abort.signal, seen, publish).then(end);
  return {
    size: () => subscribers.size,
    end,
    subscribe(after) {
      const at = seen.recent.findIndex(({ id }) => id === after);
      const pending = at >= 0 ? seen.recent.slice(at + 1) : whole();
      const subscriber: Subscriber = { pending, isEnded: abort.signal.aborted, wake: () => undefined };
      subscribers.add(subscriber);
      return {
        next: (quietMs, gone) => takeNext(clock, subscriber, quietMs, gone),
        close() {
          subscriber.isEnded = true;
          subscribers.delete(subscriber);
          if (subscribers.size === 0) end();
        },
      };
    },
  };
}

/** Resolves when nobody listens any more, or when there is nothing left to look at. */
async function poll(
  { clock, log, look }: ServerPollerDeps,
  signal: AbortSignal,
  seen: Seen,
  publish: (events: readonly ServerEvent[]) => void,
): Promise<void> {
  while (!signal.aborted) {
    const before = seen.latest;
    try {
      const servers = await look();
      seen.latest = { type: 'snapshot', servers };
      publish(before?.type === 'snapshot' ? serverChanges(before.servers, servers) : [seen.latest]);
    } catch (thrown) {
      if (!isAgentError(thrown)) log.error('servers cannot be watched', { error: messageOf(thrown) });
      // The instance is no more.
      if (!isAgentError(thrown) || thrown.kind === 'not-found') return;
      seen.latest = { type: 'unavailable', reason: messageOf(thrown) };
      if (before?.type !== 'unavailable') publish([seen.latest]);
    }
    await clock.sleep(pollMs, signal).catch(() => undefined);
  }
}

async function takeNext(
  clock: Clock,
  subscriber: Subscriber,
  quietMs: number,
  gone: AbortSignal,
): Promise<readonly NumberedEvent[] | undefined> {
  if (subscriber.pending.length === 0 && !subscriber.isEnded && !gone.aborted) {
    const awake = new AbortController();
    const wake = (): void => awake.abort();
    subscriber.wake = wake;
    gone.addEventListener('abort', wake, { once: true });
    await clock.sleep(quietMs, awake.signal).catch(() => undefined);
    gone.removeEventListener('abort', wake);
  }
  if (gone.aborted) return undefined;
  const { pending } = subscriber;
  subscriber.pending = [];
  return pending.length === 0 && subscriber.isEnded ? undefined : pending;
}
