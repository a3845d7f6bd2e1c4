// Which load balancers should run, and which do: what the watcher knows, without asking a single haproxy.

import { isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { LoadBalancers } from './load-balancers';
import type { StateStore } from './state-store';
import type { Watcher } from './watcher';

export interface Standing {
  readonly id: LoadBalancerId;
  readonly isWanted: boolean;
  /** It lives, and is not known to hang. */
  readonly isUp: boolean;
  /** It runs an older configuration, because the stored one did not come up. */
  readonly runsOlder: boolean;
}

export type FindStandings = () => Promise<readonly Standing[]>;

export interface StandingsDeps {
  readonly loadBalancers: Pick<LoadBalancers, 'ids'>;
  readonly watcher: Pick<Watcher, 'look'>;
  readonly state: Pick<StateStore, 'read'>;
}

/** Makes the reader of all that exist. */
export function createStandings({ loadBalancers, watcher, state }: StandingsDeps): FindStandings {
  async function standingOf(id: LoadBalancerId): Promise<Standing> {
    const health = watcher.look(id);
    // A state that cannot be read is found by who looks after states.
    const known = await state.read(id).catch(undefinedWhenUnreadable);
    const isUp = health !== undefined && health !== 'down' && health !== 'hung';
    return {
      id,
      isWanted: known === undefined ? health !== undefined : known.desired === 'running',
      isUp,
      runsOlder: isUp && known?.running?.fallback === true,
    };
  }
  return async () => Promise.all((await loadBalancers.ids()).map(standingOf));
}

function undefinedWhenUnreadable(thrown: unknown): undefined {
  if (!isAgentError(thrown)) throw thrown;
  return undefined;
}
