// Listeners: the list of all, the configurations of UDP listeners, and the deletion of either kind. `listeners` in the
// path of a deletion is from the time when each was a load balancer of its own.

import type { Listeners } from '../../../core/listeners';
import type { LoadBalancers } from '../../../core/load-balancers';
import type { UdpListeners } from '../../../core/udp-listeners';
import { utf8Text } from '../../../http/body';
import { etagOf } from '../../../http/digest';
import { json, text } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { isAgentError } from '../../../model/errors';
import { isLoadBalancerId, parseLoadBalancerId } from '../../../model/ids';
import { amphoraIdOf, knownId, listenerBody } from '../wire';

export interface ListenerRoutesDeps {
  readonly listeners: Listeners;
  readonly loadBalancers: LoadBalancers;
  readonly udpListeners: UdpListeners;
}

/** Lists the rows. */
export function listenerRoutes(deps: ListenerRoutesDeps): readonly Route[] {
  const { listeners, udpListeners } = deps;
  return [
    {
      method: 'GET',
      path: '/1.0/listeners',
      body: 'none',
      handle: async () => json(200, (await listeners.list()).map(listenerBody)),
    },
    {
      method: 'DELETE',
      path: '/1.0/listeners/:id',
      body: 'none',
      handle: async ({ params }) => {
        await remove(deps, params['id'] ?? '');
        return json(200, { message: 'OK' });
      },
    },
    {
      method: 'PUT',
      path: '/1.0/listeners/:amphora/:listener/udp_listener',
      body: 'config',
      handle: async ({ params, body }) => {
        const amphora = amphoraIdOf(params['amphora'] ?? '');
        const id = parseLoadBalancerId(params['listener'] ?? '', 'listener_id');
        await udpListeners.upload(id, utf8Text(body, 'configuration'), amphora);
        return json(200, { message: 'OK' }, etagOf(body));
      },
    },
    {
      method: 'GET',
      path: '/1.0/listeners/:listener/udp_listener',
      body: 'none',
      handle: async ({ params }) =>
        text(200, await udpListeners.config(knownId(params['listener'] ?? '', 'UDP listener'))),
    },
  ];
}

/** What is not there is as good as removed. */
async function remove({ loadBalancers, udpListeners }: ListenerRoutesDeps, id: string): Promise<void> {
  if (!isLoadBalancerId(id)) return;
  try {
    if (await udpListeners.has(id)) await udpListeners.remove(id);
    else await loadBalancers.remove(id, 'octavia-v1.0');
  } catch (thrown) {
    if (!isAgentError(thrown, 'not-found')) throw thrown;
  }
}
