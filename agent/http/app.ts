// Puts the floors of a request in order: request id and access log, who is it, security headers, the dialects, 404.
// Express lives here. Source: DESIGN "A request, end to end".

import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { beginAccess } from './access-log';
import type { Connections } from './connections';
import { framingFault } from './framing';
import { refuseWrite, type Identified } from './identity';
import { createInOrder } from './in-order';
import { json, sendReply, type Reply } from './reply';
import { observeRequest, type ObserveRequest } from './served-by';
import type { IncomingMessage } from 'node:http';

export interface AppDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly identify: (request: IncomingMessage) => Identified;
  readonly connections: Connections;
  /** One router a dialect; the last one may take every path that no other has. */
  readonly dialects: readonly Router[];
  /** Is told of every request that is over. */
  readonly observe?: ObserveRequest;
}

/** Makes the Express application. Nothing behind it sees a request without a verified client certificate. */
export function createApp({ log, clock, identify, connections, dialects, observe }: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const inOrder = createInOrder();
  app.use(async (request, response, next) => {
    const who = identify(request);
    connections.begin(request, response, who.verified);
    beginAccess(request, response, who, { log, clock });
    if (observe !== undefined) observeRequest(request.method, response, { clock, observe });
    await inOrder(request, response);
    // Pipelined behind an answer that closes the connection, or behind its loss: nobody waits for it to be done.
    if (connections.isEnding(request.socket)) return;
    const refusal = refusalOf(who, request);
    if (refusal === undefined) next();
    else sendReply(request, response, refusal);
  });
  // Nothing here is a page: the strictest policy, and none of the headers that only pages need.
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
    }),
  );
  for (const dialect of dialects) app.use(dialect);
  app.use((request, response) =>
    sendReply(
      request,
      response,
      json(404, { message: 'Not Found', details: `No such path: ${request.path}` }),
    ),
  );
  return app;
}

/** What a request gets that may not go on; undefined when it may. */
function refusalOf(who: Identified, request: IncomingMessage): Reply | undefined {
  const close = { Connection: 'close' };
  if (!who.verified) return json(401, { message: 'Unauthorized', details: who.reason }, close);
  const fault = framingFault(request);
  if (fault !== undefined) return json(400, { message: 'Bad Request', details: fault }, close);
  return refuseWrite(who, request.method);
}
