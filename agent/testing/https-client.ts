// A controller's side of the wire: HTTPS with a client certificate over pooled connections.

import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createApiClient, type ApiClient } from '../client/api-client';
import type { Answer, CallFailed, Client, LoadBalancer } from './client';

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

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

type Success<A extends Answered> = Extract<A, { readonly status: 200 | 202 }>;

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
  const api = createApiClient(({ method, path, ...rest }) => request(method, path, rest));
  return {
    request,
    api,
    info: async () => succeeded('info', await api.getV10Info()).body,
    details: async () => succeeded('details', await api.getV10Details()).body,
    listeners: async () => succeeded('listeners', await api.listV10Listeners()).body,
    loadBalancer: (id) => loadBalancerOf(api, amphoraId, id),
    hangUp() {
      pool.destroy();
      pool = open();
    },
  };
}

function loadBalancerOf(api: ApiClient, amphora: string, id: string): LoadBalancer {
  const act = async (action: 'start' | 'reload' | 'stop'): Promise<void> => {
    succeeded(`${action} ${id}`, await api.putV10LoadBalancerAction({ path: { id, action } }));
  };
  return {
    id,
    async upload(body) {
      succeeded(`upload ${id}`, await api.putV10LoadBalancerConfig({ path: { amphora, lb: id }, body }));
    },
    config: async () =>
      succeeded(`config ${id}`, await api.getV10LoadBalancerConfig({ path: { lb: id } })).body,
    start: () => act('start'),
    reload: () => act('reload'),
    stop: () => act('stop'),
    async remove() {
      succeeded(`remove ${id}`, await api.deleteV10Listener({ path: { id } }));
    },
    async putCertificate(name, body) {
      succeeded(`putCertificate ${id}`, await api.putV10Certificates({ path: { lb: id, name }, body }));
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

function succeeded<A extends Answered>(what: string, answer: A): Success<A> {
  const { status, body } = answer;
  if (status === 200 || status === 202) return answer as Success<A>;
  const error = new Error(`${what}: ${status} ${typeof body === 'string' ? body : JSON.stringify(body)}`);
  const failed: CallFailed = Object.assign(error, { name: 'CallFailed' as const, status, body });
  throw failed;
}
