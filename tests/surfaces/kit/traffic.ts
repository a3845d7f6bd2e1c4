// What stands around a listener: backends that say their name, ports, configurations, and clients that count.

import { Agent, createServer, get, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';

export interface Backend {
  readonly name: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a backend that answers every request with its name. */
export async function startBackend(name: string): Promise<Backend> {
  const server = createServer((_request, response) => response.end(name));
  const port = await listen(server);
  return {
    name,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export interface ConfigInput {
  readonly port: number;
  readonly backends?: readonly Backend[];
  readonly mode?: 'http' | 'tcp';
  readonly extra?: string;
}

/**
 * A configuration as a controller uploads it: one frontend, one pool `pool-1`. `idle-close-on-response`: without it
 * haproxy closes idle kept-alive connections at a reload, under the hands of clients that do not retry.
 */
export function listenerConfig({ port, backends = [], mode = 'http', extra = '' }: ConfigInput): string {
  const servers = backends.map(
    ({ name, port: at }) => `    server ${name} 127.0.0.1:${at} check inter 100ms`,
  );
  return `# uploaded by a controller
global
    daemon
    maxconn 500
defaults
    mode ${mode}
    ${mode === 'http' ? 'option idle-close-on-response' : ''}
    timeout connect 2s
    timeout client 10s
    timeout server 10s
${extra}
frontend front
    bind 127.0.0.1:${port}
    default_backend pool-1
backend pool-1
    balance roundrobin
${servers.join('\n')}
`;
}

/** GETs once through a listener; the body, or a rejection. */
export function fetchText(port: number, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port, agent: agent ?? new Agent({ keepAlive: false }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`status ${response.statusCode ?? '?'}: ${text}`));
        });
      },
    );
    request.once('error', reject);
  });
}

export interface Load {
  /** Ends the load and tells what came of it. */
  stop(): Promise<{ readonly served: ReadonlyMap<string, number>; readonly failures: readonly string[] }>;
}

/** Sends requests one after another over `connections` kept-alive connections, and as many of one connection each. */
export function startLoad(port: number, connections: number): Load {
  const served = new Map<string, number>();
  const failures: string[] = [];
  const ended = new AbortController();
  const run = async (agent: Agent | undefined): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        const name = await fetchText(port, agent);
        served.set(name, (served.get(name) ?? 0) + 1);
      } catch (thrown) {
        failures.push(String(thrown));
      }
    }
    agent?.destroy();
  };
  const kept = Array.from({ length: connections }, () => run(new Agent({ keepAlive: true, maxSockets: 1 })));
  const fresh = Array.from({ length: connections }, () => run(undefined));
  return {
    async stop() {
      ended.abort();
      await Promise.all([...kept, ...fresh]);
      return { served, failures };
    },
  };
}
