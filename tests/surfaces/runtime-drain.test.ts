// Drains that wait, over a load balancer of this amphora with long sessions: nobody is cut who need not be.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import { freePort } from './kit/haproxy';
import { openKept, type KeptConnection } from './kit/kept-connection';
import { amphoraId } from './kit/pki';

const id = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const api = `/api/v1/haproxy/${id}`;
const action = `${api}/backends/pool/servers/one/action`;
let agent: TestAgent;
let echo: Server;
let port: number;
const backends = new Set<Socket>();

type Body = Record<string, unknown>;
const dataOf = (answer: { json: () => unknown }): Body => (answer.json() as { data: Body }).data;
const codeOf = (answer: { json: () => unknown }): unknown => (answer.json() as Body)['code'];

const text = (maxconn = 200): string => `defaults
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend f
  maxconn ${maxconn}
  mode tcp
  bind 127.0.0.1:${port}
  default_backend pool
backend pool
  mode tcp
  server one 127.0.0.1:${(echo.address() as AddressInfo).port}
  server two 127.0.0.1:${(echo.address() as AddressInfo).port} disabled
backend sticky
  mode http
  cookie SRV insert
  server one 127.0.0.1:9 cookie one
`;

const upload = async (wanted: string, verb: 'start' | 'reload'): Promise<void> => {
  expect((await agent.client.put(`/v0.1/listeners/${amphoraId}/${id}/haproxy`, wanted)).status).toBeLessThan(
    300,
  );
  expect((await agent.client.put(`/v0.1/listeners/${id}/${verb}`)).status).toBe(202);
};
const openSessions = async (count: number): Promise<readonly KeptConnection[]> => {
  const sessions = await Promise.all(Array.from({ length: count }, () => openKept(port)));
  await Promise.all(sessions.map((session) => session.request('hello\n', 'hello\n')));
  return sessions;
};
const set = (state: string, body: Body = {}, query = '') =>
  agent.client.post(`${action}${query}`, JSON.stringify({ action: state, ...body }));
const follow = async (location: unknown): Promise<Body> => dataOf(await agent.client.get(String(location)));

beforeAll(async () => {
  agent = await startTestAgent();
  echo = createServer((socket) => {
    backends.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  port = await freePort();
  await upload(text(), 'start');
});
afterAll(async () => {
  await agent.stop();
  for (const socket of backends) socket.destroy();
  echo.close();
});

describe('GET /api/v1/haproxy/{instance}/operations/{id}', () => {
  it('follows a drain of 20 long sessions to 0, over a reload in between, and not one is cut', async () => {
    const sessions = await openSessions(20);
    const begun = await set('drain', { wait: true, timeout: 60, then: 'maint' });
    const { location } = begun.headers;
    expect(begun.status).toBe(202);
    expect(dataOf(begun)).toMatchObject({ state: 'waiting', sessions_start: 20, sessions: 20, queue: 0 });
    expect(location).toBe(`${api}/operations/${String(dataOf(begun)['id'])}`);
    for (const session of sessions.slice(0, 10)) {
      await session.request('still here\n', 'still here\n');
      await session.close();
    }
    await eventually(async () => expect(await follow(location)).toMatchObject({ sessions: 10 }));
    await upload(text(201), 'reload');
    await agent.client.get(`${api}/backends`);
    // They are on the old worker now, and count all the same.
    expect(await follow(location)).toMatchObject({ state: 'waiting', sessions: 10 });
    for (const session of sessions.slice(10)) {
      await session.request('still here\n', 'still here\n');
      await session.close();
    }
    await eventually(async () =>
      expect(await follow(location)).toMatchObject({
        state: 'completed',
        sessions_start: 20,
        sessions: 0,
        forced: false,
        sessions_cut: 0,
        cookie_persistent: false,
      }),
    );
    expect(dataOf(await agent.client.get(`${api}/backends/pool/servers/one`))['server']).toMatchObject({
      admin_state: 'maint',
    });
    await set('ready');
  });

  it('tells of one that is cut at its deadline by force, and how many sessions that were', async () => {
    const sessions = await openSessions(3);
    const cut = sessions.map((session) => expect(session.request('', 'never')).rejects.toThrow('closed'));
    const done = await set('drain', { wait: true, timeout: 0.6, force: true, then: 'maint' }, '?sync=1');
    expect(done.status).toBe(200);
    expect(dataOf(done)).toMatchObject({ state: 'completed', forced: true, sessions_cut: 3, sessions: 0 });
    await Promise.all(cut);
    await set('ready');
  });

  it('cuts sessions that a reload has left on an old worker, too', async () => {
    const sessions = await openSessions(2);
    const cut = sessions.map((session) => expect(session.request('', 'never')).rejects.toThrow('closed'));
    await upload(text(202), 'reload');
    const done = await set('drain', { wait: true, timeout: 0.6, force: true }, '?sync=1');
    expect(dataOf(done)).toMatchObject({
      state: 'completed',
      sessions_start: 2,
      sessions_cut: 2,
      sessions: 0,
    });
    await Promise.all(cut);
    await set('ready');
  });

  it('tells of one that has run out of time, and leaves the server draining', async () => {
    const [session] = await openSessions(1);
    const done = await set('drain', { wait: true, timeout: 0.6 }, '?sync=1');
    expect(dataOf(done)).toMatchObject({ state: 'timeout', sessions: 1, forced: false });
    expect(dataOf(await agent.client.get(`${api}/backends/pool/servers/one`))['server']).toMatchObject({
      admin_state: 'drain',
    });
    await session?.request('still here\n', 'still here\n');
    await session?.close();
    await set('ready');
  });

  it("is cancelled by somebody else's `ready`", async () => {
    const [session] = await openSessions(1);
    const { location } = (await set('drain', { wait: true })).headers;
    await set('ready');
    await eventually(async () => expect(await follow(location)).toMatchObject({ state: 'cancelled' }));
    await session?.close();
  });

  it('is not there for an unknown one, nor under another instance', async () => {
    expect((await agent.client.get(`${api}/operations/none`)).status).toBe(404);
    const { id: operation } = dataOf(await set('drain', { wait: true }, '?sync=1'));
    expect((await agent.client.get(`/api/v1/haproxy/other/operations/${String(operation)}`)).status).toBe(
      404,
    );
    await set('ready');
  });
});

describe('GET and DELETE /api/v1/haproxy/operations/{id}', () => {
  it('gives and cancels without the instance in the path; the server stays as it is', async () => {
    const [session] = await openSessions(1);
    const { id: operation } = dataOf(await set('drain', { wait: true }));
    const path = `/api/v1/haproxy/operations/${String(operation)}`;
    expect(dataOf(await agent.client.get(path))).toMatchObject({ state: 'waiting', instance: id });
    const cancelled = await agent.client.delete(path);
    expect(dataOf(cancelled)).toMatchObject({ state: 'cancelled' });
    expect(dataOf(await agent.client.get(`${api}/backends/pool/servers/one`))['server']).toMatchObject({
      admin_state: 'drain',
    });
    await session?.close();
    await set('ready');
  });
});

describe('DELETE /api/v1/haproxy/{instance}/operations/{id}', () => {
  it('is 404 for an unknown one', async () => {
    const answer = await agent.client.delete(`${api}/operations/none`);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
  });
});

describe('a drain that waits', () => {
  it('warns, in the language that is asked for, where clients with a cookie still come', async () => {
    const path = `${api}/backends/sticky/servers/one/action?sync=1`;
    const body = JSON.stringify({ action: 'drain', wait: true, timeout: 10 });
    const done = await agent.client.call('POST', path, { body, headers: { 'Accept-Language': 'en' } });
    expect(dataOf(done)).toMatchObject({
      state: 'completed',
      cookie_persistent: true,
      warnings: ['The backend uses a cookie: clients with the cookie of this server still come to it'],
    });
    expect(JSON.parse(done.text)).toMatchObject({ message: 'Server is drained' });
  });

  it.each([
    ['timeout', { timeout: 0 }],
    ['timeout', { timeout: '5' }],
    ['then', { then: 'drain' }],
    ['force', { force: 1 }],
    ['wait', { wait: 'yes' }],
  ])('is refused with the member that is wrong: %s', async (field, wish) => {
    const answer = await set('drain', { wait: true, ...wish });
    expect([answer.status, (answer.json() as { details: Body }).details['field']]).toEqual([400, field]);
  });

  it('is refused for any other action', async () => {
    expect((await set('maint', { wait: true })).status).toBe(400);
  });

  it('says what the document says of a server that is not there', async () => {
    const path = `${api}/backends/pool/servers/none/action`;
    const answer = await agent.client.post(path, JSON.stringify({ action: 'drain', wait: true }));
    expect([answer.status, codeOf(answer)]).toEqual([502, 'server_not_found']);
  });
});
