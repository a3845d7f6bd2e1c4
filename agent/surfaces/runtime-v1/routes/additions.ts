// Servers added and removed at run time. Source: contract/runtime.md 6.7.

import type { Additions } from '../../../core/runtime/additions';
import type { AddedServer } from '../../../core/runtime/kept-servers';
import { json } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { bothForms, instanceOf } from '../both-forms';
import { extraPhrases } from '../extras-language';
import { readAddition, readRemoval, type AdditionBody } from '../extras-requests';
import type { Language } from '../language';
import { success } from '../wire';

export interface AdditionRoutesDeps {
  readonly additions: Additions;
  readonly languageFor: (request: Pick<RouteRequest, 'header'>) => Language;
}

/** Makes the rows. */
export function additionRoutes({ additions, languageFor }: AdditionRoutesDeps): readonly Route[] {
  return [
    ...bothForms({
      method: 'POST',
      path: '/backends/:backend/servers',
      body: 'json',
      handle: async (request) => {
        const { backend = '' } = request.params;
        const body = readAddition(request.body);
        const server = serverOf(backend, body);
        const { persist = true } = body;
        const { instance, lasting } = await additions.add(instanceOf(request.params), server, persist);
        const { name, address, port, check } = server;
        const data = { instance, backend, server: name, address, port, check, persisted: lasting.kept };
        const { added, notLasting } = extraPhrases[languageFor(request)];
        const isWanted = lasting.kept || !persist;
        const reason = isWanted ? {} : { reason: lasting.reason };
        const message = isWanted ? added : notLasting(lasting.reason);
        return json(201, success(201, { ...data, ...reason }, message));
      },
    }),
    ...bothForms({
      method: 'DELETE',
      path: '/backends/:backend/servers/:server',
      body: 'none',
      handle: async (request) => {
        const { backend = '', server = '' } = request.params;
        const wish = readRemoval(request.query);
        const name = { backend, server };
        const { instance, lasts } = await additions.remove(instanceOf(request.params), name, wish);
        const { removed } = extraPhrases[languageFor(request)];
        return json(200, success(200, { instance, ...name, persisted: lasts }, removed));
      },
    }),
  ];
}

function serverOf(backend: string, body: AdditionBody): AddedServer {
  const { name, address, port, check = true, weight, maxconn, backup, inter, fall, rise } = body;
  return {
    backend,
    name,
    address,
    port,
    check,
    ...(weight === undefined ? {} : { weight }),
    ...(maxconn === undefined ? {} : { maxConnections: maxconn }),
    ...(backup === undefined ? {} : { backup }),
    ...(inter === undefined ? {} : { checkIntervalMs: inter }),
    ...(fall === undefined ? {} : { fall }),
    ...(rise === undefined ? {} : { rise }),
  };
}
