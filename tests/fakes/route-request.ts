// A request as the HTTP floor hands it to a row, for rows that are called without a server.

import type { RouteRequest } from '../../agent/http/route';

export interface GivenRequest extends Partial<
  Pick<RouteRequest, 'params' | 'body' | 'contentType' | 'gone'>
> {
  readonly query?: string;
  /** By name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes one; what is not given is empty. */
export function routeRequest({ query = '', headers = {}, ...given }: GivenRequest = {}): RouteRequest {
  return {
    params: {},
    body: Buffer.alloc(0),
    gone: new AbortController().signal,
    ...given,
    query: new URLSearchParams(query),
    header: (name) => headers[name],
  };
}
