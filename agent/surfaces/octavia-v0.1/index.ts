// The original amphora API, v0.1: one haproxy process group per listener.

import type { Router } from 'express';
import { createDialectRouter, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply } from './errors';
import { amphoraRoutes, type AmphoraRoutesDeps } from './routes/amphora';
import { listenerRoutes, type ListenerRoutesDeps } from './routes/listeners';
import { unbuiltRoutes } from './routes/unbuilt';

/** Makes the router of the dialect. */
export function createOctaviaV01(
  deps: AmphoraRoutesDeps & ListenerRoutesDeps,
  context: RouteContext,
): Router {
  return createDialectRouter(
    {
      routes: [...amphoraRoutes(deps), ...listenerRoutes(deps), ...unbuiltRoutes()],
      prefixes: ['/v0.1'],
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
