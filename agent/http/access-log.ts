// One line for each request, when it ends: who (by subject and serial), what, status, milliseconds, bytes. It also
// gives every request the id that its log lines and its answer carry.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { Identified } from './identity';

/** Starts the log entry of a request and sets `X-Request-Id` on its answer. */
export function beginAccess(
  request: IncomingMessage,
  response: ServerResponse,
  who: Identified,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): void {
  const requestId = `req-${randomUUID()}`;
  const startedMs = clock.monotonic();
  response.setHeader('X-Request-Id', requestId);
  response.once('close', () => {
    log.info('request', {
      requestId,
      client: who.verified ? who.client.subject : '-',
      serial: who.verified ? who.client.serial : '-',
      peer: request.socket.remoteAddress ?? '-',
      method: request.method ?? '-',
      path: request.url ?? '-',
      status: response.statusCode,
      ms: Math.round((clock.monotonic() - startedMs) * 10) / 10,
      bytesIn: Number(request.headers['content-length'] ?? 0),
      bytesOut: Number(response.getHeader('Content-Length') ?? 0),
      completed: response.writableFinished,
      reason: who.verified ? undefined : who.reason,
    });
  });
}
