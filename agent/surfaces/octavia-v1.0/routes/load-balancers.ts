// Load balancers: their configuration, and what is done to them. A UDP listener is started and stopped under the same
// path, by its own id.

import { withoutGroupLines } from '../../../core/group-lines';
import type { LoadBalancers } from '../../../core/load-balancers';
import { peerNameOf } from '../../../core/peer-name';
import type { UdpListeners } from '../../../core/udp-listeners';
import { utf8Text } from '../../../http/body';
import { etagOf } from '../../../http/digest';
import { appliedHeader } from '../../../http/applied';
import { json, text } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { isAgentError } from '../../../model/errors';
import { parseLoadBalancerId, type LoadBalancerId } from '../../../model/ids';
import {
  amphoraIdOf,
  doneDetails,
  knownId,
  parseAction,
  stopFailure,
  udpDoneDetails,
  udpFailure,
  type Action,
} from '../wire';

export interface LoadBalancerRoutesDeps {
  readonly loadBalancers: LoadBalancers;
  readonly udpListeners: UdpListeners;
}

/** Lists the rows. */
export function loadBalancerRoutes(deps: LoadBalancerRoutesDeps): readonly Route[] {
  const { loadBalancers, udpListeners } = deps;
  return [
    {
      method: 'PUT',
      path: '/1.0/loadbalancer/:amphora/:lb/haproxy',
      body: 'config',
      handle: async ({ params, body }) => {
        const peer = peerNameOf(amphoraIdOf(params['amphora'] ?? ''));
        const id = parseLoadBalancerId(params['lb'] ?? '');
        const config = withoutGroupLines(utf8Text(body, 'configuration'));
        await loadBalancers.upload({ id, text: config, peer, owner: 'octavia-v1.0' });
        return json(202, { message: 'OK' }, etagOf(body));
      },
    },
    {
      method: 'GET',
      path: '/1.0/loadbalancer/:lb/haproxy',
      body: 'none',
      handle: async ({ params }) => {
        const config = await loadBalancers.config(knownId(params['lb'] ?? ''));
        return text(200, config, etagOf(config));
      },
    },
    {
      method: 'PUT',
      path: '/1.0/loadbalancer/:id/:action',
      body: 'none',
      handle: async ({ params }) => {
        const action = parseAction(params['action'] ?? '');
        const id = knownId(params['id'] ?? '');
        const isUdp = await udpListeners.has(id);
        const { details, applied } = isUdp
          ? { details: await runUdp(udpListeners, id, action) }
          : await run(loadBalancers, id, action);
        return json(202, { message: 'OK', details }, appliedHeader(applied));
      },
    },
  ];
}

interface Done {
  readonly details: string;
  readonly applied?: string | undefined;
}

async function run(loadBalancers: LoadBalancers, id: LoadBalancerId, action: Action): Promise<Done> {
  if (action !== 'stop') {
    const { started, applied } = await loadBalancers[action](id);
    return { details: doneDetails(action, id, started), applied };
  }
  try {
    await loadBalancers.stop(id);
    return { details: doneDetails(action, id, false) };
  } catch (thrown) {
    throw isAgentError(thrown) ? stopFailure(thrown) : thrown;
  }
}

async function runUdp(udpListeners: UdpListeners, id: LoadBalancerId, action: Action): Promise<string> {
  try {
    await udpListeners[action](id);
    return udpDoneDetails(action, id);
  } catch (thrown) {
    throw isAgentError(thrown) && thrown.kind !== 'internal' ? udpFailure(thrown, action, id) : thrown;
  }
}
