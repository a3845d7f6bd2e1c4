// The HTTPS server: client certificates asked of everyone, refused in the handshake or by the application; its
// certificate swapped without a restart; stopped without cutting an answer.
// Source: DESIGN "Server identity and connections".

import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { AgentError } from '../model/errors';
import { endConnect, endMalformed } from './malformed';
import { createOpenConnections } from './recheck';
import { secureContextOptions, type LowestVersion, type TlsMaterial } from './tls';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly material: TlsMaterial;
  readonly minVersion: LowestVersion;
  /** `handshake`: a bad certificate ends the TLS handshake. `http`: it gets a 401 in JSON. */
  readonly clientAuthFailure: 'http' | 'handshake';
  /** Milliseconds for a whole request, body included. */
  readonly requestTimeoutMs: number;
  readonly listener: RequestListener;
  /** Whether a connection whose handshake is over may go on: the handshake asked OpenSSL alone. */
  readonly admits: (socket: Duplex) => boolean;
  /** Whether the client of a connection may call at this moment. */
  readonly qualifies: (socket: Duplex) => boolean;
}

export interface AgentServer {
  /** Binds and listens. Throws `unavailable` naming address and reason. */
  listen(): Promise<{ readonly address: string; readonly port: number }>;
  /** Serves new connections with other material from now on. Throws `invalid-input`; the old material then stays. */
  swap(material: TlsMaterial): void;
  /** Closes the connections whose client may no longer call: idle ones at once, the others after their current answer. */
  recheck(): void;
  /** Takes no more connections, lets answers finish for `graceMs`, then closes what is left. */
  stop(graceMs: number): Promise<void>;
}

const handshakeTimeoutMs = 10_000;
const headersTimeoutMs = 10_000;
const keepAliveTimeoutMs = 3_600_000;

/** Makes the server; it binds nothing yet. */
export function createAgentServer(options: ServerOptions): AgentServer {
  const connections = createOpenConnections();
  const listener = connections.counting(options.listener);
  const server = createServer(
    {
      ...secureContextOptions(options.material, options.minVersion),
      requestCert: true,
      rejectUnauthorized: options.clientAuthFailure === 'handshake',
      handshakeTimeout: handshakeTimeoutMs,
    },
    listener,
  );
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = options.requestTimeoutMs;
  server.keepAliveTimeout = keepAliveTimeoutMs;
  // The application says 100 itself, once it wants the body.
  server.on('checkContinue', listener);
  // Whatever else a client expects is not promised to it: the request is answered, or refused, as any other.
  server.on('checkExpectation', listener);
  server.on('secureConnection', (socket: TLSSocket) => {
    if (options.admits(socket)) connections.opened(socket);
    else socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (options.qualifies(socket)) endMalformed(socket, error.code);
    else socket.destroy();
  });
  server.on('connect', (_request, socket) => {
    if (options.qualifies(socket)) endConnect(socket);
    else socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return {
    listen: () => listen(server, options),
    swap: (material) => server.setSecureContext(secureContextOptions(material, options.minVersion)),
    recheck: () => void connections.closeAfterAnswer((socket) => !options.qualifies(socket)),
    stop: (graceMs) => stop(server, graceMs),
  };
}

function listen(server: Server, { host, port }: ServerOptions): Promise<{ address: string; port: number }> {
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
      const { address, port: bound } = server.address() as AddressInfo;
      resolve({ address, port: bound });
    });
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
