// The runtime API, /api/v1/haproxy: servers of any haproxy whose socket this agent may use.

import type { Router } from 'express';
import { createDialectRouter, type Route, type RouteContext } from '../../http/route';
import { prefix } from './both-forms';
import { createErrorReplies } from './errors';
import type { Language } from './language';
import { serverRoutes, type ServerRoutesDeps } from './routes/servers';

export interface RuntimeV1Deps extends Omit<ServerRoutesDeps, 'languageFor'> {
  /** The language of who asks for none. */
  readonly language: Language;
}

/** Lists all rows, in the order in which they are tried. */
export function runtimeV1Routes(deps: ServerRoutesDeps): readonly Route[] {
  return [...serverRoutes(deps)];
}

/** Makes the router of the dialect. */
export function createRuntimeV1(deps: RuntimeV1Deps, context: RouteContext): Router {
  const { languageFor, errorReply, notFoundReply, methodNotAllowedReply } = createErrorReplies(deps.language);
  return createDialectRouter(
    {
      routes: runtimeV1Routes({ ...deps, languageFor }),
      prefixes: [prefix],
      slashes: 'lenient',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
