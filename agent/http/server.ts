// The HTTPS server: client certificates asked of everyone, refused in the handshake or by the application; its
// certificate swapped without a restart; stopped without cutting an answer.
// Source: DESIGN "Server identity and connections".

import { createServer, type Server } from 'node:https';
import { Socket, type AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { AgentError } from '../model/errors';
import type { Connections } from './connections';
import { createLinger } from './linger';
import { endConnect, endMalformed } from './malformed';
import { secureContextOptions, usingMaterial, type LowestVersion, type TlsMaterial } from './tls';

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
  /** Where its connections are entered; the listener enters their requests. */
  readonly connections: Connections;
  readonly log: Log;
  readonly clock: Clock;
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
const unverifiedIdleMs = 5_000;
// How often Node looks for requests that have run out of time.
const lookEveryMs = 1_000;

/** Makes the server; it binds nothing yet. */
export function createAgentServer(options: ServerOptions): AgentServer {
  const { listener, connections } = options;
  const linger = createLinger({ ...connections, clock: options.clock });
  const server = usingMaterial(() =>
    createServer(
      {
        ...secureContextOptions(options.material, options.minVersion),
        requestCert: true,
        rejectUnauthorized: options.clientAuthFailure === 'handshake',
        handshakeTimeout: handshakeTimeoutMs,
        connectionsCheckingInterval: lookEveryMs,
        // Judged with the rest of the framing: Node would answer before anybody has asked who it is.
        requireHostHeader: false,
      },
      listener,
    ),
  );
  // Node takes the shorter of the two for the headers.
  server.headersTimeout = Math.min(headersTimeoutMs, options.requestTimeoutMs);
  server.requestTimeout = options.requestTimeoutMs;
  server.keepAliveTimeout = keepAliveTimeoutMs;
  // Node would hide those beyond its limit from whoever judges the framing; their bytes are bounded anyhow.
  server.maxHeadersCount = 0;
  // The application says 100 itself, once it wants the body.
  server.on('checkContinue', listener);
  // Whatever else a client expects is not promised to it: the request is answered, or refused, as any other.
  server.on('checkExpectation', listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (options.qualifies(socket)) endMalformed(socket, error.code, connections);
    else socket.destroy();
  });
  server.on('connect', (_request, socket) => {
    if (options.qualifies(socket)) endConnect(socket, connections);
    else socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('connection', (raw) => {
    if (raw instanceof Socket) connections.admit(raw);
  });
  // Before HTTP's own listener, which takes the socket over.
  server.prependListener('secureConnection', (socket) => enter(socket, options, linger));
  return {
    listen: () => listen(server, options),
    swap: (material) =>
      usingMaterial(() => server.setSecureContext(secureContextOptions(material, options.minVersion))),
    recheck: () =>
      connections.closeAfterAnswer(({ socket }) => socket !== undefined && !options.qualifies(socket)),
    stop: (graceMs) => stop(server, connections, graceMs),
  };
}

function enter(
  socket: TLSSocket,
  { connections, admits }: ServerOptions,
  linger: (socket: TLSSocket) => void,
): void {
  // HTTP's parser takes its listener away with itself when a client asks for a tunnel.
  socket.on('error', () => undefined);
  if (!connections.secure(socket) || !admits(socket)) {
    socket.destroy();
    return;
  }
  linger(socket);
  socket.setTimeout(unverifiedIdleMs);
}

function listen(
  server: Server,
  { host, port, connections, log }: ServerOptions,
): Promise<{ address: string; port: number }> {
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
      server.on('error', (cause) => {
        // A failed accept is tried again at once: without a free descriptor it would fail for ever.
        const closed = connections.evictOne();
        log.warning('a connection could not be accepted', { error: cause.message, closedAnother: closed });
      });
      const { address, port: bound } = server.address() as AddressInfo;
      resolve({ address, port: bound });
    });
  });
}

function stop(server: Server, connections: Connections, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => connections.destroyAll(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    connections.closeAfterAnswer(() => true);
  });
}
