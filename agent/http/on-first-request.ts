// An application that is made when somebody calls: the local socket of most agents is never asked, and of many agents in one
// process most wait long for their first request.

import type { RequestListener } from 'node:http';

/** Makes a listener that makes the one it stands for at its first request. */
export function onFirstRequest(make: () => RequestListener): RequestListener {
  let made: RequestListener | undefined;
  return (request, response) => (made ??= make())(request, response);
}
