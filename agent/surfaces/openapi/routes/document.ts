// The one row of the surface: the OpenAPI document of all that is mounted.

import { text } from '../../../http/reply';
import type { Route } from '../../../http/route';

export interface DocumentRoutesDeps {
  /** The document as JSON text; made when it is first asked for. */
  readonly document: () => Promise<string>;
}

/** Lists the rows. */
export function documentRoutes({ document }: DocumentRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      body: 'none',
      handle: async () => text(200, await document(), { 'Content-Type': 'application/json' }),
    },
  ];
}
