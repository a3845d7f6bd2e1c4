// The surface with the OpenAPI document of what is mounted. The descriptions are loaded when it is first asked for: they
// cost nothing at start.

import type { Router } from 'express';
import type { Route, RouteContext } from '../http/route';
import { createOpenapi } from '../surfaces/openapi';

/** Builds the surface; `rows` lists those of all routers once they are made. */
export function wireOpenapi(rows: () => readonly Route[], context: RouteContext): Router {
  let made: Promise<string> | undefined;
  return createOpenapi({ document: () => (made ??= textOf(rows())) }, context);
}

async function textOf(rows: readonly Route[]): Promise<string> {
  const { documentOf } = await import('./api-document.js');
  return JSON.stringify(documentOf(rows));
}
