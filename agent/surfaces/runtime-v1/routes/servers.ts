// Backends, servers and the action on a server. Source: contract of the runtime API, 2.1 to 2.3.

import type { Additions } from '../../../core/runtime/additions';
import type { RuntimeServers } from '../../../core/runtime/servers';
import { json } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { readAction } from '../action';
import { bothForms, instanceOf } from '../both-forms';
import { readWait } from '../extras-requests';
import { additionsBody } from '../extras-wire';
import { phrases, type Language } from '../language';
import { serverBody, success } from '../wire';
import { beginWait, type DrainRoutesDeps } from './drains';

export interface ServerRoutesDeps extends DrainRoutesDeps {
  readonly servers: RuntimeServers;
  readonly additions: Pick<Additions, 'kept'>;
  readonly languageFor: (request: Pick<RouteRequest, 'header'>) => Language;
}

/** Makes the rows. */
export function serverRoutes(deps: ServerRoutesDeps): readonly Route[] {
  const { servers, additions, languageFor } = deps;
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
        const kept = additionsBody(await additions.kept(instance, backend));
        return json(200, success(200, { instance, backend, servers: list, count: list.length, ...kept }));
      },
    }),
    ...bothForms({
      method: 'POST',
      path: '/backends/:backend/servers/:server/action',
      body: 'json',
      handle: async (request) => {
        const { backend = '', server = '' } = request.params;
        const action = readAction(request.body);
        const wait = readWait(request.body, action);
        if (wait !== undefined) return beginWait(deps, request, wait);
        const { instance } = await servers.setState(instanceOf(request.params), { backend, server }, action);
        const data = { instance, backend, server, action, status: 'completed' };
        return json(200, success(200, data, phrases[languageFor(request)].stateChanged(action)));
      },
    }),
  ];
}
