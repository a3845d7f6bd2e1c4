// The listeners of this amphora one by one, where a load balancer has many: its frontends, and the UDP listeners.
// Source: contract/octavia-1.0.md "Endpoints", "Listener types".

import type { Frontend } from '../haproxy/config/sections';
import { isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ListenerType } from '../model/load-balancer';
import type { LoadBalancers } from './load-balancers';
import type { LoadBalancerStatuses } from './load-balancer-status';
import type { StoredFrontends } from './stored-frontends';
import type { UdpListener, UdpListeners } from './udp-listeners';

export interface Listener {
  readonly id: string;
  readonly type: ListenerType | UdpListener['type'];
  readonly isRunning: boolean;
}

export interface Listeners {
  /** The frontends of the load balancers that run, and all UDP listeners. */
  list(): Promise<readonly Listener[]>;
  /** Ids of all, sorted, whether they run or not; and how many UDP listeners run. */
  count(): Promise<{ readonly ids: readonly string[]; readonly runningUdp: number }>;
}

export interface ListenersDeps {
  readonly loadBalancers: Pick<LoadBalancers, 'ids'>;
  readonly statuses: Pick<LoadBalancerStatuses, 'living'>;
  readonly frontends: StoredFrontends;
  readonly udpListeners: Pick<UdpListeners, 'list'>;
}

/** Makes the reader. */
export function createListeners({
  loadBalancers,
  statuses,
  frontends,
  udpListeners,
}: ListenersDeps): Listeners {
  // One whose files cannot be read must not hide the others.
  async function listenersOf(id: LoadBalancerId): Promise<readonly Listener[]> {
    try {
      return (await frontends(id)).filter(servesClients).map(listenerOf);
    } catch (thrown) {
      if (isAgentError(thrown)) return [];
      throw thrown;
    }
  }

  async function ofAll(ids: readonly LoadBalancerId[]): Promise<readonly Listener[]> {
    return (await Promise.all(ids.map(listenersOf))).flat();
  }

  return {
    async list() {
      const [served, udp] = await Promise.all([statuses.living().then(ofAll), udpListeners.list()]);
      return [...served, ...udp];
    },
    async count() {
      const [served, udp] = await Promise.all([loadBalancers.ids().then(ofAll), udpListeners.list()]);
      const ids = new Set([...served, ...udp].map(({ id }) => id));
      return { ids: [...ids].sort(), runningUdp: udp.filter(({ isRunning }) => isRunning).length };
    },
  };
}

// Controllers' configurations have frontends that only hand out metrics.
function servesClients({ name }: Frontend): boolean {
  return !name.includes('prometheus');
}

function listenerOf({ name, mode, terminatesTls }: Frontend): Listener {
  const plain = mode === 'http' ? 'HTTP' : 'TCP';
  return { id: name, type: terminatesTls ? 'TERMINATED_HTTPS' : plain, isRunning: true };
}
