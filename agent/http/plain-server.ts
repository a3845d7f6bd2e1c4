// A server without TLS: on loopback for what asks for no certificate, behind a UNIX socket for the commands of this
// machine. The parser is as strict as the REST listener's; who may call is the application's to ask.

import { createServer, type RequestListener, type Server } from 'node:http';
import { Socket } from 'node:net';
import type { LocalConnection } from '../host/sockets';
import { AgentError } from '../model/errors';

export interface PlainServer {
  /** Binds and listens; port 0 is any free one. Resolves with the port in fact bound. Throws `unavailable` naming address and reason. */
  listen(host: string, port: number): Promise<number>;
  /** Serves a connection that somebody else accepted. */
  take(connection: LocalConnection): void;
  /** Takes no more connections, lets answers finish for `graceMs`, then closes what is left. */
  stop(graceMs: number): Promise<void>;
}

const mostConnections = 64;
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const keepAliveTimeoutMs = 65_000;
const lookEveryMs = 1_000;

/** Makes the server; it binds nothing yet. */
export function createPlainServer(listener: RequestListener): PlainServer {
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: lookEveryMs,
      // Judged with the rest of the framing (framing.ts).
      requireHostHeader: false,
    },
    listener,
  );
  server.maxConnections = mostConnections;
  server.maxHeadersCount = 0;
  server.on('checkContinue', listener);
  server.on('checkExpectation', listener);
  const taken = createTaken(server);
  return {
    listen: (host, port) => bind(server, host, port),
    take: (connection) => taken.add(connection),
    stop: async (graceMs) => {
      await Promise.all([close(server, graceMs), taken.end(graceMs)]);
    },
  };
}

// Node keeps no book of connections that a server did not accept itself: it neither counts nor closes them.
function createTaken(server: Server) {
  const sockets = new Set<Socket>();
  return {
    add(connection: LocalConnection): void {
      if (!(connection instanceof Socket)) return;
      if (sockets.size >= mostConnections) {
        connection.destroy();
        return;
      }
      sockets.add(connection);
      connection.once('close', () => sockets.delete(connection));
      connection.on('error', () => connection.destroy());
      server.emit('connection', connection);
    },
    async end(graceMs: number): Promise<void> {
      const open = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await Promise.all(open);
      clearTimeout(timer);
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(
        new AgentError('unavailable', `cannot listen on ${host} port ${port}`, {
          detail: cause.message,
          cause,
        }),
      );
    server.once('error', failed);
    server.listen({ host, port, ipv6Only: false }, () => {
      server.off('error', failed);
      // A failed accept concerns one connection.
      server.on('error', () => undefined);
      const bound = server.address();
      resolve(bound !== null && typeof bound === 'object' ? bound.port : port);
    });
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
