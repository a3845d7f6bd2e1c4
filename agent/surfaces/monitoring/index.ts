// What machines that watch this one ask for: metrics, whether the agent lives, whether it is ready.

import type { Router } from 'express';
import { createDialectRouter, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply } from './errors';
import { monitoringRoutes, type MonitoringRoutesDeps } from './routes/monitoring';

/** Makes the router of the dialect. */
export function createMonitoring(deps: MonitoringRoutesDeps, context: RouteContext): Router {
  return createDialectRouter(
    {
      routes: monitoringRoutes(deps),
      prefixes: ['/metrics', '/livez', '/readyz'],
      slashes: 'lenient',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
