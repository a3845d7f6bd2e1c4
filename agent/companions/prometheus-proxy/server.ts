// The HTTP side: one scrape is one question to haproxy's exporter, its answer is translated while it streams.
//
// INVARIANTS:
// - nothing is sent before haproxy has begun to answer: until then trouble is a 502 with its reason;
// - trouble after that breaks the connection, so that half a scrape is never taken for a whole one;
// - so many scrapes at once, and each so long, are all that is served.

import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../model/errors';
import { machineMetrics } from './machine';
import { createTranslator } from './translate';

export interface ProxyOptions {
  /** Where haproxy's exporter listens, on 127.0.0.1. */
  readonly exporterPort: number;
  /** Milliseconds for one scrape. */
  readonly scrapeTimeoutMs: number;
  readonly scrapesAtOnce: number;
}

// The controller's templates: haproxy waits 5 s for its server.
const idleMs = 5_000;
const mostConnections = 64;

/** Makes the server that gives Octavia's metrics for any path; it does not listen yet. */
export function createPrometheusProxy(options: ProxyOptions): Server {
  let scrapes = 0;
  const server = createServer((asked, reply) => {
    reply.setHeader('connection', 'close');
    if (asked.method !== 'GET' && asked.method !== 'HEAD') {
      refuse(reply.setHeader('allow', 'GET, HEAD'), 405, `${asked.method ?? ''} is not for metrics`);
    } else if (scrapes >= options.scrapesAtOnce) {
      refuse(reply, 503, `${scrapes} scrapes are under way`);
    } else {
      scrapes += 1;
      void scrape(options, reply).finally(() => (scrapes -= 1));
    }
  });
  server.maxConnections = mostConnections;
  server.headersTimeout = idleMs;
  server.requestTimeout = idleMs;
  return server;
}

async function scrape(options: ProxyOptions, reply: ServerResponse): Promise<void> {
  const late = AbortSignal.timeout(options.scrapeTimeoutMs);
  try {
    const machine = await machineMetrics();
    const answer = await ask(options.exporterPort, late);
    if (answer.statusCode !== 200) {
      answer.resume();
      refuse(reply, 502, `haproxy's exporter answers ${answer.statusCode ?? 'nothing'}`);
      return;
    }
    reply.writeHead(200, { 'cache-control': 'no-cache', 'content-type': 'text/plain; version=0.0.4' });
    reply.write(machine);
    await pipeline(answer, createTranslator(), reply, { signal: late });
  } catch (thrown) {
    if (reply.headersSent) reply.destroy();
    else refuse(reply, 502, reasonOf(thrown, late, options));
  }
}

function ask(port: number, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Without an agent: haproxy's side closes a connection that is kept under us.
    request({ host: '127.0.0.1', port, path: '/metrics', agent: false, signal }, resolve)
      .once('error', reject)
      .end();
  });
}

function reasonOf(thrown: unknown, late: AbortSignal, options: ProxyOptions): string {
  const where = `haproxy's exporter on 127.0.0.1:${options.exporterPort}`;
  if (late.aborted) return `${where} has not answered within ${options.scrapeTimeoutMs / 1_000} s`;
  return `${where}: ${messageOf(thrown)}`;
}

function refuse(reply: ServerResponse, status: number, reason: string): void {
  reply.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}
