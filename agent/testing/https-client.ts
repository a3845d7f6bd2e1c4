// A controller's side of the wire: HTTPS with a client certificate over pooled connections.

import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AmphoraDetails, AmphoraInfo, Answer, CallFailed, Client, Listener, Request } from './client';

export interface PooledClient extends Client {
  /** Closes what is open; the next call opens anew. */
  hangUp(): void;
}

export interface ClientOptions {
  readonly port: number;
  readonly amphoraId: string;
  readonly caPem: string;
  readonly keyPem: string;
  readonly certificatePem: string;
}

const mostConnections = 16;

/** Makes a client of the agent on a loopback port. */
export function createHttpsClient(options: ClientOptions): PooledClient {
  const { port, amphoraId, caPem, keyPem, certificatePem } = options;
  const credentials = { ca: caPem, key: keyPem, cert: certificatePem };
  const open = (): Agent => new Agent({ keepAlive: true, maxSockets: mostConnections, ...credentials });
  let pool = open();
  const request: Client['request'] = (method, path, { body, headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const sent = httpsRequest(
        { host: '127.0.0.1', port, method, path, agent: pool, headers: { ...length, ...headers } },
        (response) => void readAnswer(response).then(resolve, reject),
      );
      sent.once('error', reject);
      sent.end(body);
    });
  const call = async (method: string, path: string, given?: Request): Promise<Answer> => {
    const answer = await request(method, path, given);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw callFailed(method, path, answer);
  };
  return {
    request,
    info: async () => (await call('GET', '/1.0/info')).json() as AmphoraInfo,
    details: async () => (await call('GET', '/1.0/details')).json() as AmphoraDetails,
    listeners: async () => (await call('GET', '/1.0/listeners')).json() as readonly Listener[],
    loadBalancer: (id) => loadBalancerOf(id, amphoraId, call),
    hangUp() {
      pool.destroy();
      pool = open();
    },
  };
}

function loadBalancerOf(
  id: string,
  amphoraId: string,
  call: (method: string, path: string, request?: Request) => Promise<Answer>,
): ReturnType<Client['loadBalancer']> {
  const at = `/1.0/loadbalancer/${encodeURIComponent(id)}`;
  const act = async (action: string): Promise<void> => void (await call('PUT', `${at}/${action}`));
  return {
    id,
    async upload(haproxyConfig) {
      const path = `/1.0/loadbalancer/${amphoraId}/${encodeURIComponent(id)}/haproxy`;
      await call('PUT', path, { body: haproxyConfig });
    },
    config: async () => (await call('GET', `${at}/haproxy`)).text,
    start: () => act('start'),
    reload: () => act('reload'),
    stop: () => act('stop'),
    async remove() {
      await call('DELETE', `/1.0/listeners/${encodeURIComponent(id)}`);
    },
    async putCertificate(name, pem) {
      await call('PUT', `${at}/certificates/${encodeURIComponent(name)}`, { body: pem });
    },
  };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}

function callFailed(method: string, path: string, answer: Answer): CallFailed {
  const error = new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return Object.assign(error, { name: 'CallFailed' as const, method, path, answer });
}
