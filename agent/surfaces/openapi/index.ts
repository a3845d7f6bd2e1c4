// The description of every surface that is mounted, as OpenAPI 3.1.

import type { Router } from 'express';
import { createDialectRouter, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply } from './errors';
import { documentRoutes, type DocumentRoutesDeps } from './routes/document';

/** Makes the router of the surface. */
export function createOpenapi(deps: DocumentRoutesDeps, context: RouteContext): Router {
  return createDialectRouter(
    {
      routes: documentRoutes(deps),
      prefixes: ['/openapi.json'],
      slashes: 'strict',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
