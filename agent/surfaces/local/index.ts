// The dialect of `<base>/agent.sock`, for commands on this machine: who may open the socket may ask.

import { createDialectRouter, type DialectRouter, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply } from './errors';
import { localRoutes, type LocalRoutesDeps } from './routes/local';

/** Makes the router of the dialect. */
export function createLocalSurface(deps: LocalRoutesDeps, context: RouteContext): DialectRouter {
  return createDialectRouter(
    {
      routes: () => localRoutes(deps),
      prefixes: ['/report', '/status'],
      slashes: 'lenient',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
