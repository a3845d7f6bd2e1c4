// The documented calls of the runtime API over a real haproxy, by mTLS on the REST listener and on a listener of its own.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import { freePort, startHaproxy, type TestHaproxy } from './kit/haproxy';
import { createPlainClient, type PlainClient } from './kit/plain-client';

const prefix = '/api/v1/haproxy';
const many = Array.from({ length: 500 }, (_, index) => `  server s${index} 127.0.0.1:9`).join('\n');
const pools = Array.from({ length: 40 }, (_, index) => `backend pool${index}\n  server one 127.0.0.1:9`).join(
  '\n',
);

let haproxy: TestHaproxy;
let other: TestHaproxy;
let agent: TestAgent;
let plain: PlainClient;

beforeAll(async () => {
  const sixPort = await freePort('::1');
  const [front, both] = [await freePort(), await freePort()];
  haproxy = await startHaproxy(
    `backend myapp
  cookie SRV insert
  server web01 127.0.0.1:19001 cookie w1 weight 5
  server web02 127.0.0.1:19002 check inter 100 fall 1
  server web03 127.0.0.1:19003 disabled backup
  server web04 127.0.0.1:19004 track web02
  server web05 [::1]:19005
frontend front
  bind 127.0.0.1:${front}
  default_backend myapp
listen both
  bind 127.0.0.1:${both}
  server only 127.0.0.1:19006
backend empty
${pools}`,
    `  stats socket ipv6@[::1]:${sixPort} level admin`,
  );
  other = await startHaproxy(`backend many\n${many}`);
  agent = await startTestAgent({
    runtimeApi: `bind = 127.0.0.1:0
instances = default=${haproxy.socket('admin')}, six=ipv6@[::1]:${sixPort}, many=unix@${other.socket('user')}`,
  });
  plain = createPlainClient(agent.agent.runtimeApi?.port ?? 0);
});

afterAll(async () => {
  plain.close();
  await agent.stop();
  await haproxy.clean();
  await other.clean();
});

const dataOf = (answer: { json: () => unknown }): Record<string, unknown> =>
  (answer.json() as { data: Record<string, unknown> }).data;
const serverOf = async (name: string): Promise<Record<string, unknown>> => {
  const { servers } = dataOf(await plain.get(`${prefix}/backends/myapp/servers`));
  return (servers as Record<string, unknown>[]).find((each) => each['name'] === name)!;
};
const act = (server: string, action: string) =>
  plain.post(`${prefix}/backends/myapp/servers/${server}/action`, JSON.stringify({ action }));

describe('GET /api/v1/haproxy/backends, GET /api/v1/haproxy/{instance}/backends', () => {
  it('lists backends and listen sections in haproxy’s order, none forgotten', async () => {
    const answer = await plain.get(`${prefix}/six/backends`);
    const { backends, count } = dataOf(answer) as { backends: string[]; count: number };
    expect(answer.status).toBe(200);
    expect(backends.slice(0, 3)).toEqual(['myapp', 'both', 'empty']);
    expect([backends.length, count]).toEqual([43, 43]);
    expect(answer.text).toMatch(
      /^\{"success":true,"status_code":200,"data":\{"instance":"six","backends":\["myapp",.*\],"count":43\}\}$/,
    );
  });

  it('is the default instance without a name, with a slash at the end too', async () => {
    expect(dataOf(await plain.get(`${prefix}/backends/`))['instance']).toBe('default');
    expect(dataOf(await plain.get(`${prefix}/default/backends`))['instance']).toBe('default');
  });

  it('answers the same over mTLS on the REST listener', async () => {
    const answer = await agent.client.get(`${prefix}/many/backends`);
    expect(answer.json()).toEqual({
      success: true,
      status_code: 200,
      data: { instance: 'many', backends: ['many'], count: 1 },
    });
  });

  it('answers 40 at once on a socket that takes 10', async () => {
    const paths = Array.from({ length: 40 }, (_, index) => `${prefix}/backends/pool${index}/servers`);
    const answers = await Promise.all(paths.map((path) => plain.get(path)));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
    expect(answers.map((answer) => dataOf(answer)['backend'])).toEqual(
      paths.map((_, index) => `pool${index}`),
    );
  });
});

describe('GET /api/v1/haproxy/backends/{backend}/servers, GET /api/v1/haproxy/{instance}/backends/{backend}/servers', () => {
  it('gives the nine documented strings first, then figures', async () => {
    const server = await serverOf('web01');
    expect(Object.keys(server)).toEqual([
      ...[
        'name',
        'status',
        'weight',
        'check_status',
        'check_duration',
        'last_chg',
        'downtime',
        'addr',
        'cookie',
      ],
      ...['sessions', 'queue', 'total_sessions', 'max_sessions', 'user_weight', 'check_code', 'agent_status'],
      ...['backup', 'tracked', 'used_connections', 'admin_state', 'operational_state'],
    ]);
    expect(server).toMatchObject({
      name: 'web01',
      status: 'no check',
      weight: '5',
      check_status: '',
      check_duration: '',
      last_chg: expect.stringMatching(/^\d+$/),
      downtime: '',
      addr: '127.0.0.1:19001',
      cookie: 'w1',
      sessions: 0,
      queue: 0,
      total_sessions: 0,
      max_sessions: null,
      user_weight: 5,
      backup: false,
      used_connections: 0,
      admin_state: 'ready',
      operational_state: 'no',
    });
    expect(await serverOf('web03')).toMatchObject({ status: 'MAINT', backup: true, admin_state: 'maint' });
    expect(await serverOf('web05')).toMatchObject({ addr: '[::1]:19005' });
  });

  it('lists none of a backend without servers, and of a listen section only servers', async () => {
    expect(dataOf(await plain.get(`${prefix}/backends/empty/servers`))).toEqual({
      instance: 'default',
      backend: 'empty',
      servers: [],
      count: 0,
    });
    expect(dataOf(await plain.get(`${prefix}/backends/both/servers`))).toMatchObject({
      count: 1,
      servers: [{ name: 'only' }],
    });
  });

  it('lists all 500 of a large one', async () => {
    const { servers, count } = dataOf(await plain.get(`${prefix}/many/backends/many/servers`));
    expect([(servers as unknown[]).length, count]).toEqual([500, 500]);
  });

  it('says drain of a server that drains and fails its check', async () => {
    expect((await act('web02', 'drain')).status).toBe(200);
    await eventually(async () => {
      const server = await serverOf('web02');
      expect(server).toMatchObject({ status: 'DOWN', admin_state: 'drain', operational_state: 'down' });
      expect(server['check_status']).toMatch(/^L4/);
    });
    expect(await serverOf('web04')).toMatchObject({ tracked: 'myapp/web02' });
    expect((await act('web02', 'ready')).status).toBe(200);
  });

  it('is 404 for a backend that is not there, in both languages, a frontend included', async () => {
    const answer = await plain.get(`${prefix}/backends/nope/servers`);
    expect(answer.status).toBe(404);
    expect(answer.json()).toEqual({
      success: false,
      status_code: 404,
      error: "Бэкенд 'nope' не найден",
      code: 'backend_not_found',
      details: { backend: 'nope' },
    });
    const english = { headers: { 'Accept-Language': 'de, en;q=0.8, ru;q=0.5' } };
    expect((await plain.get(`${prefix}/backends/front/servers`, english)).json()).toMatchObject({
      error: "Backend 'front' not found",
    });
  });
});

describe('POST /api/v1/haproxy/backends/{backend}/servers/{server}/action, POST /api/v1/haproxy/{instance}/backends/{backend}/servers/{server}/action', () => {
  it('drains, maintains and readies, twice in a row too, and GET shows it at once', async () => {
    for (const [action, status] of [
      ['ready', 'no check'],
      ['drain', 'DRAIN'],
      ['drain', 'DRAIN'],
      ['maint', 'MAINT'],
      ['ready', 'no check'],
    ] as const) {
      const before = plain.get(`${prefix}/backends/myapp/servers`);
      const answer = await act('web01', action);
      await before;
      expect(answer.text).toBe(
        `{"success":true,"status_code":200,"message":"Состояние сервера успешно изменено на '${action}'",` +
          `"data":{"instance":"default","backend":"myapp","server":"web01","action":"${action}","status":"completed"}}`,
      );
      expect(await serverOf('web01')).toMatchObject({ status, admin_state: action });
    }
  });

  it('takes a body without a content type, with further members, and answers in English when asked', async () => {
    const path = `${prefix}/six/backends/myapp/servers/web05/action`;
    const answer = await plain.post(path, '{"action":"ready","reason":"done"}', {
      headers: { 'Accept-Language': 'en-GB' },
    });
    expect(answer.json()).toMatchObject({
      message: "Server state changed to 'ready'",
      data: { instance: 'six' },
    });
  });

  it.each(['', 'ready', '[]', 'null', '{}', '{"action":1}', '{"action":"Ready"}', '{"action":"READY; x"}'])(
    'is 400 for the body %j, naming what is allowed',
    async (body) => {
      const answer = await plain.post(`${prefix}/backends/myapp/servers/web01/action`, body);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ success: false, status_code: 400, code: 'invalid_request' });
      expect(answer.text).toMatch(/ready.*drain.*maint/);
    },
  );

  it('is 413 for a body of more than 64 KiB', async () => {
    const body = JSON.stringify({ action: 'ready', filler: 'x'.repeat(65_536) });
    const answer = await plain.post(`${prefix}/backends/myapp/servers/web01/action`, body);
    expect(answer.status).toBe(413);
    expect(answer.json()).toMatchObject({ status_code: 413, code: 'body_too_large' });
  });

  it('is 405 for another method, with the allowed ones, and 404 for a path that is none', async () => {
    const wrong = await plain.get(`${prefix}/backends/myapp/servers/web01/action`);
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'POST']);
    expect(wrong.json()).toMatchObject({ status_code: 405, code: 'method_not_allowed' });
    const none = await agent.client.get(`${prefix}/backends/myapp/servants`);
    expect(none.status).toBe(404);
    expect(none.json()).toMatchObject({
      success: false,
      code: 'not_found',
      error: `Нет такого пути: ${prefix}/backends/myapp/servants`,
    });
  });

  it('is logged with type, instance, command, duration and outcome', async () => {
    await act('web01', 'ready');
    expect(agent.log.entries).toContainEqual(
      expect.objectContaining({
        level: 'info',
        message: 'haproxy command',
        fields: {
          type: 'unix',
          instance: 'default',
          command: 'set server myapp/web01 state ready',
          ms: expect.any(Number),
          outcome: 'ok',
        },
      }),
    );
  });
});
