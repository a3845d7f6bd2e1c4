// VRRP: keepalived's configuration, and what is done to keepalived. A controller that makes a pair uploads and starts.

import type { Vrrp } from '../../../core/vrrp';
import { utf8Text } from '../../../http/body';
import { etagOf } from '../../../http/digest';
import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { isAgentError } from '../../../model/errors';
import { parseAction, vrrpDoneDetails, vrrpFailure, type Action } from '../wire';

export interface VrrpRoutesDeps {
  readonly vrrp: Pick<Vrrp, 'upload' | 'start' | 'stop' | 'reload'>;
}

/** Lists the rows. */
export function vrrpRoutes({ vrrp }: VrrpRoutesDeps): readonly Route[] {
  return [
    {
      method: 'PUT',
      path: '/1.0/vrrp/upload',
      body: 'config',
      handle: async ({ body }) => {
        await vrrp.upload(utf8Text(body, 'configuration'));
        return json(200, { message: 'OK' }, etagOf(body));
      },
    },
    {
      method: 'PUT',
      path: '/1.0/vrrp/:action',
      body: 'none',
      handle: async ({ params }) => {
        const action = parseAction(params['action'] ?? '');
        return json(202, { message: 'OK', details: vrrpDoneDetails(await run(vrrp, action)) });
      },
    },
  ];
}

async function run(
  vrrp: VrrpRoutesDeps['vrrp'],
  action: Action,
): Promise<'started' | 'reloaded' | 'stopped'> {
  try {
    if (action === 'start') return await vrrp.start();
    await vrrp[action]();
    return action === 'reload' ? 'reloaded' : 'stopped';
  } catch (thrown) {
    throw isAgentError(thrown) && thrown.kind !== 'internal' ? vrrpFailure(thrown, action) : thrown;
  }
}
