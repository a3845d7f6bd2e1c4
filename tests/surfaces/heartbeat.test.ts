// What a controller hears of a real agent over real haproxies: whose listeners serve, and figures that add up to the
// truth whatever is reloaded or killed.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import { startController, type Controller } from './kit/controller';
import { startHaproxyLog } from './kit/haproxy-log';
import { openKept, type KeptConnection } from './kit/kept-connection';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { freePort } from './kit/traffic';

const key = 'a-key-of-heartbeats';
const id = '00000001-aaaa-4bbb-8ccc-000000000001';
const body = 'y'.repeat(100);
// A GET with one header, in haproxy's own form of it.
const bytesInside = 38;
const sockets = createNodeUnixSockets();
const closing: (() => Promise<unknown>)[] = [];
let pki: TestPki;

beforeAll(async () => {
  pki = await makePki();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function controller(...keys: readonly string[]): Promise<Controller> {
  const one = await startController(...keys);
  closing.push(() => one.close());
  return one;
}

async function agentFor(controllers: readonly Controller[], intervalS = 0.2): Promise<TestAgent> {
  const list = controllers.map(({ port }) => `127.0.0.1:${port}`).join(', ');
  const healthManager = `controller_ip_port_list = ${list}\nheartbeat_interval = ${intervalS}\nheartbeat_key = ${key}`;
  const agent = await startTestAgent({ pki, healthManager });
  closing.push(() => agent.stop());
  return agent;
}

async function backend(): Promise<number> {
  const server: Server = createServer((_request, response) => response.end(body));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

const config = (
  port: number,
  to: number,
  remark = '',
  mode: 'http' | 'tcp' = 'http',
  log: readonly string[] = [],
): string => `global
    # Another one is a reload, where a comment is none.
    description ${remark === '' ? 'none' : remark}
    maxconn 500
defaults
    mode ${mode}
    ${mode === 'http' ? 'option idle-close-on-response' : ''}
    timeout connect 2s
    timeout client 30s
    timeout server 30s
frontend ${id}
    bind 127.0.0.1:${port}
    ${log.join('\n    ')}
    default_backend pool-1:${id}
backend pool-1:${id}
    server member-1 127.0.0.1:${to}
    server member-2 127.0.0.1:${to} weight 0
`;

const put = (agent: TestAgent, path: string, text = '') => agent.client.put(`/v0.1/listeners/${path}`, text);
async function upload(agent: TestAgent, text: string): Promise<void> {
  expect((await put(agent, `${amphoraId}/${id}/haproxy`, text)).status).toBeLessThan(202);
}

const ask = (kept: KeptConnection): Promise<void> => kept.request('GET / HTTP/1.1\r\nHost: a\r\n\r\n', body);

/** Sends that many requests over each, one after the other. */
async function requests(connections: readonly KeptConnection[], each: number): Promise<void> {
  for (let n = 0; n < each; n += 1) await Promise.all(connections.map(ask));
}

const open = (port: number, count: number): Promise<readonly KeptConnection[]> =>
  Promise.all(Array.from({ length: count }, () => openKept(port)));

async function heardMore({ heard }: Controller): Promise<void> {
  const enough = heard.length + 4;
  await eventually(() => expect(heard.length).toBeGreaterThan(enough));
}

function truthOf(all: readonly KeptConnection[], ereq: number) {
  const of = (name: 'sent' | 'received'): number => all.reduce((sum, kept) => sum + kept.counted()[name], 0);
  return { rx: of('sent'), tx: of('received'), totconns: all.length, ereq };
}

describe('a controller that is told of heartbeats', () => {
  it('hears of listener, pool and members within a second, in turn with the others', async () => {
    const [one, two] = [await controller(key), await controller(key)];
    const agent = await agentFor([one, two]);
    await upload(agent, config(await freePort(), await backend()));
    expect((await put(agent, `${id}/start`)).status).toBe(202);
    const stats = { tx: 0, rx: 0, conns: 0, totconns: 0, ereq: 0 };
    await eventually(() => {
      expect(one.heard.at(-1)).toMatchObject({
        id: amphoraId,
        ver: 3,
        listeners: { [id]: { status: 'OPEN', stats } },
        pools: {
          [`pool-1:${id}`]: { status: 'UP', members: { 'member-1': 'no check', 'member-2': 'no check' } },
        },
      });
    });
    await eventually(() => expect(two.heard.length).toBeGreaterThan(3));
    expect(one.heard.slice(0, 4).map(({ seq }) => seq)).toEqual([0, 2, 4, 6]);
    expect(two.heard.slice(0, 3).map(({ seq }) => seq)).toEqual([1, 3, 5]);
    expect((await put(agent, `${id}/stop`)).status).toBe(202);
    await eventually(() => expect(one.heard.at(-1)).toMatchObject({ listeners: {}, pools: {} }));
  });

  it.each(['http', 'tcp'] as const)(
    'is told the truth over two reloads, mode %s: 1,000 requests, 320 of them answered by old workers',
    async (mode) => {
      const one = await controller(key);
      const agent = await agentFor([one]);
      const log = await startHaproxyLog();
      closing.push(() => log.close());
      const [port, to] = [await freePort(), await backend()];
      await upload(agent, config(port, to, 'first', mode, log.directives));
      expect((await put(agent, `${id}/start`)).status).toBe(202);
      const reload = async (remark: string): Promise<void> => {
        await upload(agent, config(port, to, remark, mode, log.directives));
        expect((await put(agent, `${id}/reload`)).status).toBe(202);
      };

      const first = await open(port, 160);
      await requests(first, 2);
      await reload('second');
      const second = await open(port, 160);
      await requests(second, 2);
      await reload('third');
      const third = await open(port, 20);
      await requests(third, 2);
      // A worker that is replaced answers what comes on its connections; in mode http it then closes them.
      await requests(first.slice(0, 100), 1);
      await requests(second, 1);
      await requests(first.slice(100), 1);
      const bad = mode === 'http' ? [await openKept(port)] : [];
      for (const kept of bad) await kept.request('NOT HTTP\r\n\r\n', '</html>\n');
      const all = [...first, ...second, ...third, ...bad];
      await Promise.all(all.map((kept) => kept.close()));

      const truth = truthOf(all, bad.length);
      // Of HTTP haproxy counts bytes as it keeps them inside, the same for each of these requests; of answers, whose
      // headers vary, its log tells. In mode tcp a line is a connection, and the log is held to the truth, too.
      const lines = mode === 'http' ? 1_000 + bad.length : all.length;
      await eventually(() => expect(log.told().lines).toBe(lines));
      const { rx, tx } = log.told();
      expect(tx).toBeGreaterThan(1_000 * body.length);
      if (mode === 'http') Object.assign(truth, { rx: 1_000 * bytesInside, tx });
      expect({ rx, tx }).toEqual({ rx: truth.rx, tx: truth.tx });
      await eventually(() => expect(one.sum(id)).toEqual(truth));
      // And the workers that were held have gone.
      await eventually(async () => {
        const path = join(agent.basePath, id, 'master.sock');
        expect(await sockets.request(path, 'show proc', { timeoutMs: 2_000 })).not.toContain('old workers');
      });
    },
  );

  it('is told nothing twice of a worker whose connection was cut, or of an old one that somebody else holds', async () => {
    const one = await controller(key);
    const agent = await agentFor([one]);
    const [port, to] = [await freePort(), await backend()];
    await upload(agent, config(port, to, 'first'));
    expect((await put(agent, `${id}/start`)).status).toBe(202);
    const admin = join(agent.basePath, id, 'admin.sock');
    const clients = await open(port, 10);
    await requests(clients, 1);
    await Promise.all(clients.map((kept) => kept.close()));
    await eventually(() => expect(one.sum(id).totconns).toBe(10));

    // The agent's own connection ends, the worker does not.
    const sessions = await sockets.request(admin, 'show sess', { timeoutMs: 2_000 });
    for (const [, session = ''] of sessions.matchAll(/^(0x[0-9a-f]+): proto=unix_stream/gm)) {
      await sockets.request(admin, `shutdown session ${session}`, { timeoutMs: 2_000 });
    }
    await heardMore(one);
    expect(one.sum(id).totconns).toBe(10);

    const operator = await sockets.converse(admin, '\n> ');
    await operator.ask('prompt', 2_000);
    for (const remark of ['second', 'third']) {
      await upload(agent, config(port, to, remark));
      expect((await put(agent, `${id}/reload`)).status).toBe(202);
      await heardMore(one);
    }
    await expect(operator.ask('show info', 2_000)).resolves.toContain('Stopping: 1');
    expect(one.sum(id).totconns).toBe(10);
    operator.close();
  });

  it('hears a verified message every interval, and the key is in no log', async () => {
    const one = await controller(key);
    const agent = await agentFor([one], 0.1);
    await eventually(() => expect(one.heard.length).toBeGreaterThan(5));
    expect(one.heard.every((heard) => heard.key === key)).toBe(true);
    expect(JSON.stringify(agent.log.entries)).not.toContain(key);
  });
});
