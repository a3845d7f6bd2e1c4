// Every path of the surface exists twice: with an instance, and without one for the instance that stands for all.
// Source: contract of the runtime API, 2.

import type { Route } from '../../http/route';

export const prefix = '/api/v1/haproxy';

/** Makes both rows of one; `path` begins behind the prefix or the instance, e.g. `/backends`. The one with fixed words comes first. */
export function bothForms(route: Route): readonly Route[] {
  return [
    { ...route, path: `${prefix}${route.path}` },
    { ...route, path: `${prefix}/:instance${route.path}` },
  ];
}

/** The instance that a path names; undefined for a path without one. */
export function instanceOf(params: Readonly<Record<string, string>>): string | undefined {
  return params['instance'];
}
