// The real HTTPS client: node:https without a pool. A refused client certificate shows only after the handshake in
// TLS 1.3 (RFC 8446, 4.4.2.4), so that every end of a connection that was reached counts as the server's.

import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { AgentError } from '../../model/errors';
import type { HttpsAnswer, HttpsClient, HttpsEnd, HttpsRequest, HttpsTarget } from '../https';
import { errnoOf } from './errno';

/** Makes the real HTTPS client. */
export function createNodeHttpsClient(): HttpsClient {
  return {
    request: (target, request) =>
      new Promise((resolve, reject) => {
        const sent = open(target, request);
        let wasReached = false;
        sent.once('socket', (socket) => socket.once('connect', () => (wasReached = true)));
        const late = setTimeout(() => sent.destroy(lateness(target, request)), request.timeoutMs);
        const settle = (job: () => void): void => {
          clearTimeout(late);
          job();
        };
        const fail = (thrown: Error): void =>
          settle(() => {
            const outcome = failureOf(target, { thrown, wasReached, socket: sent.socket });
            if (outcome instanceof AgentError) reject(outcome);
            else resolve(outcome);
          });
        sent.once('response', (response) => read(response, (answer) => settle(() => resolve(answer)), fail));
        sent.on('error', fail);
        if (request.chunked === true) sent.flushHeaders();
        sent.end(request.body);
      }),
  };
}

function open(target: HttpsTarget, { method, path, identity, ...request }: HttpsRequest): ClientRequest {
  const { host, port, caPem } = target;
  const { body, chunked = false, plain = false } = request;
  const isSized = !chunked && (body !== undefined || method === 'PUT');
  const headers = {
    ...(isSized ? { 'Content-Length': String(Buffer.byteLength(body ?? '')) } : {}),
    ...request.headers,
  };
  const common = { host, port, method, path, headers, agent: false } as const;
  if (plain) return httpRequest(common);
  const serverName = target.serverName ?? host;
  return httpsRequest({
    ...common,
    ca: caPem,
    // An address is no server name (RFC 6066, 3); Node then verifies the host.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(identity === undefined ? {} : { cert: identity.certificatePem, key: identity.keyPem }),
  });
}

function read(
  response: IncomingMessage,
  resolve: (answer: HttpsAnswer) => void,
  fail: (thrown: Error) => void,
): void {
  const certificatePem = certificateOf(response.socket);
  const parts: Buffer[] = [];
  response.on('data', (part: Buffer) => parts.push(part));
  response.once('error', fail);
  response.once('end', () =>
    resolve({
      kind: 'answer',
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
      ),
      body: Buffer.concat(parts),
      certificatePem,
    }),
  );
}

function certificateOf(socket: Socket): string {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.toString() ?? '') : '';
}

interface Failure {
  readonly thrown: Error;
  readonly wasReached: boolean;
  readonly socket: Socket | null;
}

function failureOf(target: HttpsTarget, { thrown, wasReached, socket }: Failure): AgentError | HttpsEnd {
  if (thrown instanceof AgentError) return thrown;
  const why = errnoOf(thrown) ?? thrown.message;
  const where = `${target.host}:${target.port}`;
  if (!wasReached)
    return new AgentError('unavailable', `no connection to ${where}: ${why}`, { cause: thrown });
  // Node's types promise an Error; it is the code as text, and null when there was none.
  const unverified: unknown = socket instanceof TLSSocket ? socket.authorizationError : undefined;
  if (unverified !== undefined && unverified !== null) {
    return new AgentError('unauthorized', `${where} is not who it should be`, {
      detail: thrown.message,
      cause: thrown,
    });
  }
  return { kind: 'ended', why };
}

function lateness({ host, port }: HttpsTarget, { timeoutMs }: HttpsRequest): AgentError {
  return new AgentError('timeout', `no whole answer from ${host}:${port} within ${timeoutMs} ms`);
}
