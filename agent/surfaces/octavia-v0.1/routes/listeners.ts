// Listeners: in v0.1 each is a load balancer of its own, so a listener's UUID names the haproxy process group.

import type { LoadBalancers } from '../../../core/load-balancers';
import type { LoadBalancerStatuses } from '../../../core/load-balancer-status';
import { utf8Text } from '../../../http/body';
import { appliedHeader } from '../../../http/applied';
import { json, text } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { parseAmphoraId, parseListenerUuid, type LoadBalancerId } from '../../../model/ids';
import { listBody, listenerBody, parseAction, poolBody, startedDetails } from '../wire';

export interface ListenerRoutesDeps {
  readonly loadBalancers: LoadBalancers;
  readonly statuses: LoadBalancerStatuses;
}

/** Lists the rows. */
export function listenerRoutes({ loadBalancers, statuses }: ListenerRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v0.1/listeners',
      body: 'none',
      handle: async () => json(200, listBody(await statuses.list())),
    },
    {
      method: 'GET',
      path: '/v0.1/listeners/:listener',
      body: 'none',
      handle: async ({ params }) => {
        const found = await statuses.describe(listenerOf(params));
        return json(200, { ...listenerBody(found), pools: found.pools.map(poolBody) });
      },
    },
    {
      method: 'DELETE',
      path: '/v0.1/listeners/:listener',
      body: 'none',
      handle: async ({ params }) => {
        await loadBalancers.remove(listenerOf(params), 'octavia-v0.1');
        return json(200, { message: 'OK' });
      },
    },
    {
      method: 'GET',
      path: '/v0.1/listeners/:listener/haproxy',
      body: 'none',
      handle: async ({ params }) => text(200, await loadBalancers.config(listenerOf(params))),
    },
    {
      method: 'PUT',
      path: '/v0.1/listeners/:amphora_id/:listener/haproxy',
      body: 'config',
      handle: async ({ params, body }) => {
        const peer = parseAmphoraId(params['amphora_id'] ?? '');
        const id = listenerOf(params);
        const config = utf8Text(body, 'configuration');
        await loadBalancers.upload({ id, text: config, peer, owner: 'octavia-v0.1' });
        return json(201, { message: 'OK' });
      },
    },
    {
      method: 'PUT',
      path: '/v0.1/listeners/:listener/:action',
      body: 'none',
      handle: async ({ params }) => {
        const id = listenerOf(params);
        const action = parseAction(params['action'] ?? '');
        const { details, applied } = await run(loadBalancers, id, action);
        return json(202, { message: 'OK', details }, appliedHeader(applied));
      },
    },
  ];
}

function listenerOf(params: Readonly<Record<string, string>>): LoadBalancerId {
  return parseListenerUuid(params['listener'] ?? '');
}

async function run(
  loadBalancers: LoadBalancers,
  id: LoadBalancerId,
  action: 'start' | 'stop' | 'reload',
): Promise<{ readonly details: string; readonly applied?: string | undefined }> {
  if (action === 'stop') {
    await loadBalancers.stop(id);
    return { details: `Listener ${id} stopped` };
  }
  const { pid, started, applied } = await loadBalancers[action](id);
  const isStart = action === 'start' || started;
  return { details: isStart ? startedDetails(id, pid) : `Listener ${id} reloaded`, applied };
}
