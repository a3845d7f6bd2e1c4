// Ports: VIPs and networks.

import type { Plug } from '../../../core/plug';
import { parseNetworkPlug, parseVipPlug } from '../../../core/plug-request';
import { objectWith } from '../../../http/json-body';
import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { invalidInput, isAgentError } from '../../../model/errors';
import { plugFailure, plugNetworkDetails, plugVipDetails } from '../wire-plug';

export interface PlugRoutesDeps {
  readonly plug: Plug;
}

/** Lists the rows. */
export function plugRoutes({ plug }: PlugRoutesDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v0.1/plug/vip/:ip',
      body: 'json',
      handle: ({ params, body }) =>
        inWords(async () => {
          const request = parseVipPlug(
            params['ip'] ?? '',
            objectOf(body, ['subnet_cidr', 'gateway', 'mac_address']),
          );
          return json(202, { message: 'OK', details: plugVipDetails(await plug.vip(request)) });
        }),
    },
    {
      method: 'POST',
      path: '/v0.1/plug/network',
      body: 'json',
      handle: ({ body }) =>
        inWords(async () => {
          const outcome = await plug.network(parseNetworkPlug(objectOf(body, ['mac_address'])));
          return json(202, { message: 'OK', details: plugNetworkDetails(outcome) });
        }),
    },
  ];
}

function objectOf(body: Buffer, members: readonly string[]) {
  const value = objectWith(body, members);
  if (value !== undefined) return value;
  throw invalidInput('Invalid subnet information', `expected a JSON object with ${members.join(', ')}`);
}

async function inWords<T>(job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (thrown) {
    throw isAgentError(thrown) ? plugFailure(thrown) : thrown;
  }
}
