// The runtime API, /api/v1/haproxy: servers of any haproxy whose socket this agent may use.

import type { Router } from 'express';
import { createDialectRouter, type Route, type RouteContext } from '../../http/route';
import { prefix } from './both-forms';
import { createErrorReplies } from './errors';
import type { Language } from './language';
import { additionRoutes, type AdditionRoutesDeps } from './routes/additions';
import { drainRoutes } from './routes/drains';
import { eventRoutes, type EventRoutesDeps } from './routes/events';
import { overviewRoutes, type OverviewRoutesDeps } from './routes/overview';
import { serverRoutes, type ServerRoutesDeps } from './routes/servers';
import { settingsRoutes, type SettingsRoutesDeps } from './routes/settings';

type AllDeps = ServerRoutesDeps &
  AdditionRoutesDeps &
  EventRoutesDeps &
  OverviewRoutesDeps &
  SettingsRoutesDeps;

export interface RuntimeV1Deps extends Omit<AllDeps, 'languageFor' | 'errorReply'> {
  /** The language of who asks for none. */
  readonly language: Language;
}

/** Lists all rows, in the order in which they are tried. */
export function runtimeV1Routes(deps: AllDeps): readonly Route[] {
  return [
    ...serverRoutes(deps),
    ...drainRoutes(deps),
    ...overviewRoutes(deps),
    ...settingsRoutes(deps),
    ...additionRoutes(deps),
    ...eventRoutes(deps),
  ];
}

/** Makes the router of the dialect. */
export function createRuntimeV1(deps: RuntimeV1Deps, context: RouteContext): Router {
  const { languageFor, errorReply, notFoundReply, methodNotAllowedReply } = createErrorReplies(deps.language);
  return createDialectRouter(
    {
      routes: runtimeV1Routes({ ...deps, languageFor, errorReply }),
      prefixes: [prefix],
      slashes: 'lenient',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
