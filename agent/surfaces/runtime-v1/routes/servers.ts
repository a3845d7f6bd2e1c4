// Backends, servers and the action on a server. Source: contract of the runtime API, 2.1 to 2.3.

import type { RuntimeServers } from '../../../core/runtime/servers';
import { json } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { readAction } from '../action';
import { bothForms, instanceOf } from '../both-forms';
import { phrases, type Language } from '../language';
import { serverBody, success } from '../wire';

export interface ServerRoutesDeps {
  readonly servers: RuntimeServers;
  readonly languageFor: (request: Pick<RouteRequest, 'header'>) => Language;
}

/** Makes the rows. */
export function serverRoutes({ servers, languageFor }: ServerRoutesDeps): readonly Route[] {
  return [
    ...bothForms({
      method: 'GET',
      path: '/backends',
      body: 'none',
      handle: async ({ params }) => {
        const { instance, backends } = await servers.backends(instanceOf(params));
        return json(200, success(200, { instance, backends, count: backends.length }));
      },
    }),
    ...bothForms({
      method: 'GET',
      path: '/backends/:backend/servers',
      body: 'none',
      handle: async ({ params }) => {
        const found = await servers.servers(instanceOf(params), params['backend'] ?? '');
        const list = found.servers.map(serverBody);
        const { instance, backend } = found;
        return json(200, success(200, { instance, backend, servers: list, count: list.length }));
      },
    }),
    ...bothForms({
      method: 'POST',
      path: '/backends/:backend/servers/:server/action',
      body: 'json',
      handle: async (request) => {
        const { backend = '', server = '' } = request.params;
        const action = readAction(request.body);
        const { instance } = await servers.setState(instanceOf(request.params), { backend, server }, action);
        const data = { instance, backend, server, action, status: 'completed' };
        return json(200, success(200, data, phrases[languageFor(request)].stateChanged(action)));
      },
    }),
  ];
}
