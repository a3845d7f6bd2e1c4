// What the runtime API offers beyond its document, over a real haproxy of somebody else: weight, checks, bulk, facts,
// statistics, readiness.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import { startHaproxy, type TestHaproxy } from './kit/haproxy';
import { createPlainClient, type PlainClient } from './kit/plain-client';
import { startBackend, type Backend } from './kit/traffic';

const prefix = '/api/v1/haproxy';
const both = [prefix, `${prefix}/default`];
type Body = Record<string, unknown>;

let live: Backend;
let haproxy: TestHaproxy;
let agent: TestAgent;
let plain: PlainClient;

const dataOf = (answer: { json: () => unknown }): Body => (answer.json() as { data: Body }).data;
const codeOf = (answer: { json: () => unknown }): unknown => (answer.json() as Body)['code'];
const english = { 'Accept-Language': 'en' };
const put = (path: string, body: unknown) =>
  plain.call('PUT', path, { body: JSON.stringify(body), headers: english });

beforeAll(async () => {
  live = await startBackend('live');
  haproxy = await startHaproxy(`backend app
  server a 127.0.0.1:${live.port} check inter 100 weight 10
  server b 127.0.0.1:${live.port}
backend fixed
  balance source
  server a 127.0.0.1:${live.port}
backend broken
  server a 127.0.0.1:9 check inter 50 fall 1
backend empty`);
  agent = await startTestAgent({
    runtimeApi: `bind = 127.0.0.1:0
timeout = 1
instances = default=${haproxy.socket('admin')}, reader=${haproxy.socket('user')}, gone=/tmp/no-such-haproxy.sock`,
  });
  plain = createPlainClient(agent.agent.runtimeApi?.port ?? 0);
});
afterAll(async () => {
  plain.close();
  await agent.stop();
  await haproxy.clean();
  await live.close();
});

describe('PUT /api/v1/haproxy/backends/{b}/servers/{s}/weight, PUT /api/v1/haproxy/{instance}/backends/{b}/servers/{s}/weight', () => {
  it.each(both)('sets a weight and tells it with the configured one: %s', async (base) => {
    const answer = await put(`${base}/backends/app/servers/a/weight`, { weight: '50%' });
    expect([answer.status, dataOf(answer)]).toEqual([
      200,
      { instance: 'default', backend: 'app', server: 'a', weight: '5', initial: '10' },
    ]);
    expect(dataOf(await put(`${base}/backends/app/servers/a/weight`, { weight: 7 }))['weight']).toBe('7');
  });

  it.each([[{ weight: 257 }], [{ weight: '101%' }], [{ weight: -1 }], [{ weight: 'much' }], [{}], [[]]])(
    'refuses %j',
    async (body) => {
      expect((await put(`${prefix}/backends/app/servers/a/weight`, body)).status).toBe(400);
    },
  );

  it('is a conflict where the algorithm is static, 404 for no server, 400 for no name, 502 without the level', async () => {
    const status = async (path: string) => {
      const answer = await put(path, { weight: 5 });
      return [answer.status, codeOf(answer)];
    };
    expect(await status(`${prefix}/backends/fixed/servers/a/weight`)).toEqual([409, 'conflict']);
    expect(await status(`${prefix}/backends/app/servers/none/weight`)).toEqual([404, 'server_not_found']);
    expect(await status(`${prefix}/backends/app/servers/a%3B/weight`)).toEqual([400, 'invalid_name']);
    expect(await status(`${prefix}/reader/backends/app/servers/a/weight`)).toEqual([502, 'socket_level']);
  });
});

describe('PUT /api/v1/haproxy/backends/{b}/servers/{s}/health, PUT /api/v1/haproxy/{instance}/backends/{b}/servers/{s}/health', () => {
  it.each(both)('switches checks and forces a state: %s', async (base) => {
    const path = `${base}/backends/app/servers/a/health`;
    expect((await put(path, { check: 'disabled', force: 'down' })).status).toBe(200);
    await eventually(async () =>
      expect(dataOf(await plain.get(`${base}/backends/app/servers/a`))['server']).toMatchObject({
        operational_state: 'down',
      }),
    );
    expect((await put(path, { check: 'enabled', force: 'up' })).status).toBe(200);
  });

  it("refuses in haproxy's words what the server has not", async () => {
    const answer = await put(`${prefix}/backends/app/servers/b/health`, { check: 'enabled' });
    expect([answer.status, (answer.json() as Body)['error']]).toEqual([
      409,
      'HAProxy error: Health check was not configured on this server, cannot enable',
    ]);
    expect((await put(`${prefix}/backends/app/servers/a/health`, {})).status).toBe(400);
    expect((await put(`${prefix}/backends/app/servers/a/health`, { force: 'sideways' })).status).toBe(400);
  });
});

describe('POST /api/v1/haproxy/backends/{b}/action, POST /api/v1/haproxy/{instance}/backends/{b}/action', () => {
  const act = (base: string, body: unknown) =>
    plain.post(`${base}/backends/app/action`, JSON.stringify(body), { headers: english });

  it.each(both)('acts on all servers: %s', async (base) => {
    const answer = await act(base, { action: 'drain', servers: '*' });
    expect([answer.status, dataOf(answer)]).toEqual([
      200,
      expect.objectContaining({
        results: [
          { server: 'a', status: 'completed' },
          { server: 'b', status: 'completed' },
        ],
      }),
    ]);
    expect((await act(base, { action: 'ready', servers: ['a', 'b'] })).status).toBe(200);
  });

  it('is 207 with one unknown name, and the others are done', async () => {
    const answer = await act(prefix, { action: 'maint', servers: ['none', 'b'] });
    expect([answer.status, answer.json()]).toEqual([
      207,
      expect.objectContaining({
        success: false,
        status_code: 207,
        code: 'partial',
        details: { failed: ['none'] },
      }),
    ]);
    expect(dataOf(answer)['results']).toEqual([
      { server: 'none', status: 'failed', code: 'server_not_found', error: 'HAProxy error: No such server' },
      { server: 'b', status: 'completed' },
    ]);
    await act(prefix, { action: 'ready', servers: ['b'] });
  });

  it('is 404 for no such backend, 400 without servers', async () => {
    const path = `${prefix}/backends/none/action`;
    expect((await plain.post(path, JSON.stringify({ action: 'drain', servers: '*' }))).status).toBe(404);
    expect((await act(prefix, { action: 'drain' })).status).toBe(400);
    expect((await act(prefix, { action: 'drain', servers: [] })).status).toBe(400);
  });
});

describe('GET /api/v1/haproxy/backends/{b}/servers/{s}, GET /api/v1/haproxy/{instance}/backends/{b}/servers/{s}', () => {
  it.each(both)('tells one server with all its counters: %s', async (base) => {
    expect(dataOf(await plain.get(`${base}/backends/app/servers/b`))).toMatchObject({
      instance: 'default',
      backend: 'app',
      server: { name: 'b', status: 'no check', admin_state: 'ready' },
      counters: { pxname: 'app', svname: 'b', stot: 0, type: 2 },
      persisted_addition: false,
    });
  });

  it('is 404 for no such server or backend, 400 for a name that is none', async () => {
    const told = async (path: string) => {
      const answer = await plain.get(`${prefix}${path}`);
      return [answer.status, codeOf(answer)];
    };
    expect(await told('/backends/app/servers/none')).toEqual([404, 'server_not_found']);
    expect(await told('/backends/none/servers/a')).toEqual([404, 'backend_not_found']);
    expect(await told('/backends/app/servers/a%20b')).toEqual([400, 'invalid_name']);
  });
});

describe('GET /api/v1/haproxy/instances', () => {
  it('tells which can be reached, how far one may go there, and nothing secret', async () => {
    const answer = await plain.get(`${prefix}/instances`, { headers: english });
    const known = { type: 'unix', load_balancer: false };
    const reached = {
      ...known,
      reachable: true,
      version: expect.stringMatching(/^2\.6/),
      uptime: expect.anything(),
    };
    expect(dataOf(answer)).toEqual({
      instances: [
        { ...reached, name: 'default', level: 'admin' },
        { ...reached, name: 'reader', level: 'user' },
        expect.objectContaining({ ...known, name: 'gone', reachable: false, code: 'unavailable' }),
      ],
      count: 3,
    });
  });
});

describe('GET /api/v1/haproxy/info, GET /api/v1/haproxy/{instance}/info', () => {
  it.each(both)('has figures as figures, and all as haproxy says it: %s', async (base) => {
    const { info, raw } = dataOf(await plain.get(`${base}/info`));
    expect(info).toMatchObject({
      name: 'HAProxy',
      uptime_sec: expect.any(Number),
      ulimit_n: expect.any(Number),
    });
    expect(raw).toMatchObject({ Name: 'HAProxy', Uptime_sec: expect.any(String) });
  });
});

describe('GET /api/v1/haproxy/stats, GET /api/v1/haproxy/{instance}/stats', () => {
  it.each(both)('has every row, or those that are asked for: %s', async (base) => {
    const all = dataOf(await plain.get(`${base}/stats`));
    expect(all['count']).toBe(8);
    const { stats } = dataOf(await plain.get(`${base}/stats?type=backend&proxy=app`));
    expect(stats).toEqual([
      expect.objectContaining({ pxname: 'app', svname: 'BACKEND', scur: 0, cookie: '' }),
    ]);
  });

  it('refuses a type that is none', async () => {
    expect((await plain.get(`${prefix}/stats?type=x`)).status).toBe(400);
  });
});

describe('GET /api/v1/haproxy/health, GET /api/v1/haproxy/{instance}/health', () => {
  it.each(both)('is 503 while a backend has no server that is up, 200 once it has: %s', async (base) => {
    await eventually(async () => expect((await plain.get(`${base}/health`)).status).toBe(503));
    const answer = await plain.get(`${base}/health`, { headers: english });
    expect(answer.json()).toMatchObject({ code: 'not_ready', error: 'No server is up: broken' });
    expect(dataOf(answer)['backends']).toMatchObject({
      app: { up: 2, total: 2 },
      broken: { up: 0, total: 1 },
      empty: { up: 0, total: 0 },
    });
    await put(`${base}/backends/broken/servers/a/health`, { check: 'disabled', force: 'up' });
    await eventually(async () => expect((await plain.get(`${base}/health`)).status).toBe(200));
    await put(`${base}/backends/broken/servers/a/health`, { check: 'enabled' });
  });
});

describe('a server that is added to a haproxy of somebody else', () => {
  it('is in use at once, and the answer says that it does not last', async () => {
    const body = JSON.stringify({ name: 'new', address: '127.0.0.1', port: live.port, weight: 3 });
    const answer = await plain.post(`${prefix}/backends/app/servers`, body, { headers: english });
    expect([answer.status, dataOf(answer)]).toEqual([
      201,
      expect.objectContaining({ persisted: false, reason: 'its configuration is not ours' }),
    ]);
    expect(dataOf(await plain.get(`${prefix}/backends/app/servers/new`))['server']).toMatchObject({
      weight: '3',
      admin_state: 'ready',
    });
    expect((await plain.call('DELETE', `${prefix}/backends/app/servers/new`)).status).toBe(200);
  });

  it('is refused where the algorithm is static or the backend is not there', async () => {
    const body = JSON.stringify({ name: 'new', address: '127.0.0.1', port: live.port });
    const status = async (backend: string) =>
      (await plain.post(`${prefix}/backends/${backend}/servers`, body)).status;
    expect([await status('fixed'), await status('none')]).toEqual([409, 404]);
  });
});
