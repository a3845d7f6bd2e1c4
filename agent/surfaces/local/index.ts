// The dialect of `<base>/agent.sock`, for commands on this machine: who may open the socket may ask.

import type { Router } from 'express';
import { createDialectRouter, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply } from './errors';
import { localRoutes, type LocalRoutesDeps } from './routes/local';

/** Makes the router of the dialect. */
export function createLocalSurface(deps: LocalRoutesDeps, context: RouteContext): Router {
  return createDialectRouter(
    {
      routes: localRoutes(deps),
      prefixes: [],
      slashes: 'lenient',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
