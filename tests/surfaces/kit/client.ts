// A controller's side of the wire: HTTPS with a client certificate, pooled or one connection a request.

import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body parsed; throws when it is no JSON. */
  readonly json: () => unknown;
  /** Serial number of the certificate that the server showed. */
  readonly serverSerial: string;
}

export interface Call {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** False: a connection of its own, without TLS session resumption. */
  readonly pooled?: boolean;
  /** True: the body is sent without a length. */
  readonly chunked?: boolean;
}

export interface Client {
  readonly port: number;
  call(method: string, path: string, call?: Call): Promise<Answer>;
  get(path: string, call?: Call): Promise<Answer>;
  put(path: string, body?: string | Buffer, call?: Call): Promise<Answer>;
  post(path: string, body?: string): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  close(): void;
}

export interface ClientOptions {
  readonly port: number;
  readonly ca: string;
  readonly identity: { readonly keyPem: string; readonly certificatePem: string } | undefined;
}

export function createClient({ port, ca, identity }: ClientOptions): Client {
  const pool = new Agent({ keepAlive: true, maxSockets: 16 });
  const credentials = identity === undefined ? {} : { key: identity.keyPem, cert: identity.certificatePem };
  const call: Client['call'] = (method, path, { body, headers = {}, pooled = true, chunked = false } = {}) =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = {
        host: '127.0.0.1',
        port,
        method,
        path,
        ca,
        ...credentials,
        agent: pooled ? pool : new Agent({ keepAlive: false, maxCachedSessions: 0 }),
        headers: {
          ...headers,
          ...(body === undefined || chunked ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
        },
      };
      const request = httpsRequest(options, (response) => {
        const serverSerial = serialOf(response.socket);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, headers: answered, text, json: () => JSON.parse(text) as unknown, serverSerial });
        });
      });
      request.once('error', reject);
      if (chunked) request.flushHeaders();
      request.end(body);
    });
  return {
    port,
    call,
    get: (path, more) => call('GET', path, more),
    put: (path, body, more) => call('PUT', path, { ...more, body: body ?? '' }),
    post: (path, body = '') => call('POST', path, { body }),
    delete: (path) => call('DELETE', path),
    close: () => pool.destroy(),
  };
}

function serialOf(socket: Socket): string {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.serialNumber ?? '') : '';
}
