// The prometheus proxy over an exporter of the test: what a scraper gets when haproxy answers, and when not.

import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { usedMemory } from '../../../agent/companions/prometheus-proxy/machine';
import { createPrometheusProxy } from '../../../agent/companions/prometheus-proxy/server';

const open: Server[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
});

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function startProxy(
  exporter: RequestListener | undefined,
  options: { readonly scrapeTimeoutMs?: number; readonly scrapesAtOnce?: number } = {},
): Promise<number> {
  const server = createServer(exporter);
  const exporterPort = await listen(server);
  if (exporter === undefined) await new Promise((resolve) => open.pop()?.close(resolve));
  return listen(
    createPrometheusProxy({ exporterPort, scrapeTimeoutMs: 5_000, scrapesAtOnce: 8, ...options }),
  );
}

interface Scrape {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

const scrape = (port: number, method = 'GET', path = '/metrics'): Promise<Scrape> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode, type: answer.headers['content-type'], text }),
      );
    })
      .once('error', reject)
      .end();
  });

it('gives the machine first, then what haproxy says, on any path', async () => {
  const port = await startProxy((asked, reply) =>
    reply.end(`haproxy_process_listeners ${asked.url?.length}\n`),
  );
  const { status, type, text } = await scrape(port, 'GET', '/');
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4']);
  expect(text.replace(/ \d+\.\d$/gm, ' N').split('\n')).toEqual([
    '# HELP octavia_loadbalancer_cpu Load balancer CPU utilization (percentage).',
    '# TYPE octavia_loadbalancer_cpu gauge',
    'octavia_loadbalancer_cpu N',
    '# HELP octavia_loadbalancer_memory Load balancer memory utilization (percentage).',
    '# TYPE octavia_loadbalancer_memory gauge',
    'octavia_loadbalancer_memory N',
    'octavia_loadbalancer_listeners 8',
    '',
  ]);
});

it('says 502 and why when haproxy does not listen', async () => {
  const { status, text } = await scrape(await startProxy(undefined));
  expect(status).toBe(502);
  expect(text).toMatch(/^haproxy's exporter on 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
});

it('says 502 and why when haproxy answers something else', async () => {
  const port = await startProxy((_, reply) => reply.writeHead(503).end('no'));
  expect(await scrape(port)).toMatchObject({ status: 502, text: "haproxy's exporter answers 503\n" });
});

it('says 502 and why when haproxy is silent', async () => {
  const port = await startProxy(() => undefined, { scrapeTimeoutMs: 20 });
  const { status, text } = await scrape(port);
  expect([status, text]).toEqual([502, expect.stringMatching(/has not answered within 0\.02 s\n$/)]);
});

it('breaks the connection when haproxy stops half-way, so that nobody takes half for all', async () => {
  const port = await startProxy((_, reply) => {
    reply.write('haproxy_process_listeners 7\n', () => reply.destroy());
  });
  await expect(scrape(port)).rejects.toThrow();
});

it('serves so many scrapes at once, and tells the others to come again', async () => {
  const held: (() => void)[] = [];
  let arrived: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (arrived = resolve));
  const port = await startProxy(
    (_, reply) => {
      held.push(() => reply.end());
      arrived();
    },
    { scrapesAtOnce: 1 },
  );
  const under = scrape(port);
  await first;
  expect(await scrape(port)).toMatchObject({ status: 503, text: '1 scrapes are under way\n' });
  for (const release of held) release();
  expect(await under).toMatchObject({ status: 200 });
});

it('takes nothing but GET and HEAD', async () => {
  const port = await startProxy((_, reply) => reply.end('haproxy_process_listeners 7\n'));
  expect(await scrape(port, 'POST')).toMatchObject({ status: 405 });
  expect(await scrape(port, 'HEAD')).toMatchObject({ status: 200, text: '' });
});

it('counts as used what no program could have', () => {
  expect(usedMemory('MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  250 kB\n')).toBe(75);
});
