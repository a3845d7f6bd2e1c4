// VRRP and topology: keepalived's configuration, what is done to keepalived, and which half of a pair this amphora is.

import type { TopologyControl } from '../../../core/topology';
import type { Vrrp } from '../../../core/vrrp';
import { utf8Text } from '../../../http/body';
import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { isAgentError } from '../../../model/errors';
import { readTopologyRequest } from '../topology-request';
import { parseAction, staleFailure, uploadFailure, vrrpDoneDetails, vrrpFailure, type Action } from '../wire';

export interface VrrpRoutesDeps {
  readonly vrrp: Pick<Vrrp, 'upload' | 'start' | 'stop' | 'reload'>;
  readonly topologyControl: Pick<TopologyControl, 'post'>;
}

/** Lists the rows. */
export function vrrpRoutes({ vrrp, topologyControl }: VrrpRoutesDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v0.1/topology',
      body: 'json',
      handle: async ({ body }) => {
        const begun = await topologyControl.post(readTopologyRequest(body));
        return json(begun ? 202 : 200, { message: 'OK' });
      },
    },
    {
      method: 'PUT',
      path: '/v0.1/vrrp/upload',
      body: 'config',
      handle: async ({ body }) => {
        await vrrp.upload(utf8Text(body, 'configuration')).catch((thrown: unknown) => {
          throw isAgentError(thrown) ? uploadFailure(thrown) : thrown;
        });
        return json(200, { message: 'OK' });
      },
    },
    {
      method: 'PUT',
      path: '/v0.1/vrrp/:action',
      body: 'none',
      handle: async ({ params }) => {
        const action = parseAction(params['action'] ?? '');
        return json(202, { message: 'OK', details: await run(vrrp, action) });
      },
    },
  ];
}

async function run(vrrp: VrrpRoutesDeps['vrrp'], action: Action): Promise<string> {
  try {
    if (action === 'start') return vrrpDoneDetails(await vrrp.start());
    if (action === 'reload') {
      await vrrp.reload();
      return vrrpDoneDetails('reloaded');
    }
    const { stalePid } = await vrrp.stop();
    if (stalePid !== undefined) throw staleFailure(stalePid);
    return vrrpDoneDetails('stopped');
  } catch (thrown) {
    throw isAgentError(thrown) ? vrrpFailure(thrown, action) : thrown;
  }
}
