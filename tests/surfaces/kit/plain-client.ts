// A client of a listener without TLS. Paths go out as they are written.

import { Agent, request as httpRequest } from 'node:http';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  readonly json: () => unknown;
}

export interface PlainCall {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PlainClient {
  get(path: string, call?: PlainCall): Promise<PlainAnswer>;
  post(path: string, body: string, call?: PlainCall): Promise<PlainAnswer>;
  call(method: string, path: string, call?: PlainCall): Promise<PlainAnswer>;
  close(): void;
}

/** Makes a client of a port on loopback; `headers` go with every request. */
export function createPlainClient(port: number, headers: Readonly<Record<string, string>> = {}): PlainClient {
  const pool = new Agent({ keepAlive: true });
  const call: PlainClient['call'] = (method, path, { body, headers: more = {} } = {}) =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const options = { host: '127.0.0.1', port, method, path, agent: pool };
      const sent = httpRequest({ ...options, headers: { ...length, ...headers, ...more } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, headers: answered, text, json: () => JSON.parse(text) as unknown });
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
  return {
    call,
    get: (path, more) => call('GET', path, more),
    post: (path, body, more) => call('POST', path, { ...more, body }),
    close: () => pool.destroy(),
  };
}
