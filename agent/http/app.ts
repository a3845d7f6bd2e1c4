// Puts the floors of a request in order: request id and access log, who is it, security headers, the dialects, 404.
// Express lives here. Source: DESIGN "A request, end to end".

import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { beginAccess } from './access-log';
import { refuseWrite, type Identified } from './identity';
import { createInOrder } from './in-order';
import { discardUnverified, discardVerified, json, sendReply } from './reply';
import type { IncomingMessage } from 'node:http';

export interface AppDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly identify: (request: IncomingMessage) => Identified;
  /** One router a dialect, the one asked most often first. */
  readonly dialects: readonly Router[];
}

/** Makes the Express application. Nothing behind it sees a request without a verified client certificate. */
export function createApp({ log, clock, identify, dialects }: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const inOrder = createInOrder();
  app.use(async (request, response, next) => {
    const who = identify(request);
    beginAccess(request, response, who, { log, clock });
    await inOrder(request, response);
    if (who.verified) {
      const refusal = refuseWrite(who, request.method);
      if (refusal === undefined) next();
      else await sendReply(request, response, refusal, discardVerified);
      return;
    }
    const reply = json(401, { message: 'Unauthorized', details: who.reason }, { Connection: 'close' });
    await sendReply(request, response, reply, discardUnverified);
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
      discardVerified,
    ),
  );
  return app;
}
