// Rows of the contract that this version of the agent does not serve: each says so by its own name, with 501.

import type { Route } from '../../../http/route';
import { unsupported } from '../../../model/errors';

type Row = readonly [Route['method'], string];

const rows: readonly Row[] = [
  ['POST', '/v0.1/plug/vip/:ip'],
  ['POST', '/v0.1/plug/network'],
];

/** Lists the rows. */
export function unbuiltRoutes(): readonly Route[] {
  return rows.map(([method, path]) => ({
    method,
    path,
    body: 'none',
    handle: () => {
      throw unsupported(`${method} ${path}`);
    },
  }));
}
