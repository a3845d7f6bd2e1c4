// The surface with the OpenAPI document of what is mounted. The descriptions are loaded when it is first asked for: they
// cost nothing at start.

import type { DialectRouter, Route, RouteContext } from '../http/route';
import { createOpenapi } from '../surfaces/openapi';

export interface Catalogue {
  /** For the contexts of routers. */
  readonly mounted: NonNullable<RouteContext['mounted']>;
  /** The rows of all routers that were made, each once. */
  readonly rows: () => readonly Route[];
}

/** Makes the list of what is mounted. */
export function createCatalogue(): Catalogue {
  const tables: (() => readonly Route[])[] = [];
  return {
    mounted: (rows) => void tables.push(rows),
    rows: () => {
      const rows = tables.flatMap((each) => each());
      return [...new Map(rows.map((row) => [`${row.method} ${row.path}`, row])).values()];
    },
  };
}

/** Builds the surface; `rows` lists those of all routers once they are made. */
export function wireOpenapi(rows: Catalogue['rows'], context: RouteContext): DialectRouter {
  let made: Promise<string> | undefined;
  return createOpenapi({ document: () => (made ??= textOf(rows())) }, context);
}

async function textOf(rows: readonly Route[]): Promise<string> {
  const { documentOf } = await import('./api-document.js');
  return JSON.stringify(documentOf(rows));
}
