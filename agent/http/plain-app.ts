// The application of a server without TLS: request id and access log, strict framing, whoever asks who it is, the
// dialects, 404. What it serves is chosen by boot/: nothing that needs a certificate is mounted here.

import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { beginAccess } from './access-log';
import { framingFault } from './framing';
import { createInOrder } from './in-order';
import { json, sendReply, type Reply } from './reply';
import { observeRequest, type ObserveRequest } from './served-by';

export interface PlainAppDeps {
  readonly log: Log;
  readonly clock: Clock;
  /** How its callers are called in the access log: `local`, `runtime`, `metrics`. */
  readonly caller: string;
  readonly dialects: readonly Router[];
  /** Is told of every request that is over. */
  readonly observe?: ObserveRequest;
  /** Refuses a request; undefined lets it go on. */
  readonly refuse?: (request: IncomingMessage) => Reply | undefined;
}

/** Makes the Express application. */
export function createPlainApp({ log, clock, caller, dialects, observe, refuse }: PlainAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const inOrder = createInOrder();
  const who = { verified: true, client: { subject: caller, serial: '-' }, readOnly: false } as const;
  app.use(async (request, response, next) => {
    beginAccess(request, response, who, { log, clock });
    if (observe !== undefined) observeRequest(request.method, response, { clock, observe });
    await inOrder(request, response);
    const fault = framingFault(request);
    const refusal =
      fault === undefined
        ? refuse?.(request)
        : json(400, { message: 'Bad Request', details: fault }, { Connection: 'close' });
    if (refusal === undefined) next();
    else sendReply(request, response, refusal);
  });
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"] } } }));
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
