// The surface with the OpenAPI document of what is mounted. The descriptions are loaded when it is first asked for: they
// cost nothing at start.

import type { Router } from 'express';
import type { Route, RouteContext } from '../http/route';
import { createOpenapi } from '../surfaces/openapi';

export interface Catalogue {
  /** For the contexts of routers. */
  readonly mounted: NonNullable<RouteContext['mounted']>;
  /** The rows of all routers that were made, each once. */
  readonly rows: () => readonly Route[];
}

/** Makes the list of what is mounted. */
export function createCatalogue(): Catalogue {
  const rows = new Map<string, Route>();
  return {
    mounted(routes) {
      for (const route of routes) rows.set(`${route.method} ${route.path}`, route);
    },
    rows: () => [...rows.values()],
  };
}

/** Builds the surface; `rows` lists those of all routers once they are made. */
export function wireOpenapi(rows: Catalogue['rows'], context: RouteContext): Router {
  let made: Promise<string> | undefined;
  return createOpenapi({ document: () => (made ??= textOf(rows())) }, context);
}

async function textOf(rows: readonly Route[]): Promise<string> {
  const { documentOf } = await import('./api-document.js');
  return JSON.stringify(documentOf(rows));
}
