// Streams of server events: one poller for each instance however many listen, none when nobody does.
// Source: contract/runtime.md 6.17.

import type { Clock } from '../../host/clock';
import type { Log } from '../../host/log';
import { AgentError } from '../../model/errors';
import type { ServerNow } from './server-changes';
import { createServerPoller, type ServerPoller, type Subscription } from './server-poller';

export interface ServerEvents {
  /** Begins a subscription; `after` is the last event that the subscriber has had. Throws `unavailable` when there are too many. */
  subscribe(instance: string, after?: string): Subscription;
  /** Ends all subscriptions and takes no more. */
  stop(): void;
}

export interface ServerEventsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly look: (instance: string) => Promise<readonly ServerNow[]>;
  readonly mostSubscribers?: number;
}

/** Makes the streams; nothing is polled yet. */
export function createServerEvents(deps: ServerEventsDeps): ServerEvents {
  const { clock, log, mostSubscribers = 32 } = deps;
  const pollers = new Map<string, ServerPoller>();
  let isStopped = false;

  function pollerOf(instance: string): ServerPoller {
    const known = pollers.get(instance);
    if (known !== undefined) return known;
    const made = createServerPoller({
      clock,
      log,
      look: () => deps.look(instance),
      ended: () => {
        if (pollers.get(instance) === made) pollers.delete(instance);
      },
    });
    pollers.set(instance, made);
    return made;
  }

  return {
    subscribe(instance, after) {
      const open = [...pollers.values()].reduce((sum, poller) => sum + poller.size(), 0);
      if (isStopped || open >= mostSubscribers) {
        throw new AgentError('unavailable', 'too many event streams', {
          detail: isStopped ? 'the agent is about to stop' : `at most ${mostSubscribers} are open at once`,
        });
      }
      return pollerOf(instance).subscribe(after);
    },

    stop() {
      isStopped = true;
      for (const poller of [...pollers.values()]) poller.end();
    },
  };
}
