// Rows of the contract that this version of the agent does not serve: each says so by its own name. With 500, since a
// controller takes 501 for success.

import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';

type Row = readonly [Route['method'], string];

const rows: readonly Row[] = [
  ['POST', '/1.0/plug/vip/:ip'],
  ['POST', '/1.0/plug/network'],
  ['PUT', '/1.0/interface/:ip/rules'],
];

/** Lists the rows. */
export function unbuiltRoutes(): readonly Route[] {
  return rows.map(([method, path]) => ({
    method,
    path,
    body: 'none',
    handle: () => json(500, { message: `${method} ${path} is not supported` }),
  }));
}
