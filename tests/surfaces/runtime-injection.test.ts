// Whatever a client writes into a path or a body: haproxy hears either one well-formed command or not one byte.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { startTestAgent, temporaryDirectory, type TestAgent } from './kit/agent';
import { createPlainClient, type PlainClient } from './kit/plain-client';

const prefix = '/api/v1/haproxy';
let directory: string;
let recorder: Server;
let heard = '';
let agent: TestAgent;
let plain: PlainClient;

beforeAll(async () => {
  directory = temporaryDirectory();
  const path = join(directory, 'recorder');
  recorder = createServer({ allowHalfOpen: true }, (socket) => {
    heard += '(connected)';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.on('end', () => socket.end('\n'));
  });
  await new Promise<void>((resolve) => recorder.listen(path, resolve));
  agent = await startTestAgent({ runtimeApi: `bind = 127.0.0.1:0\ninstances = ${path}` });
  plain = createPlainClient(agent.agent.runtimeApi?.port ?? 0);
});

afterAll(async () => {
  plain.close();
  await agent.stop();
  await new Promise((resolve) => recorder.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(() => {
  heard = '';
});

const hostile = [
  'web01;%20shutdown%20frontend%20f',
  'web01%3Bset%20server',
  'web01%0ashow%20stat',
  'web01%0d%0a',
  'web01%00',
  'web01%20state%20maint',
  '%231',
  '%234%2F%232',
  'a%2Fb',
  '..%2F..',
  'web01%5C',
  'web01%09',
  '%3C%3C',
  '%22web01%22',
  "'web01'",
  '*',
  '%D1%81%D0%B5%D1%80%D0%B2%D0%B5%D1%80',
  'w%C3%A9b',
  '%7F',
  '@1',
  '%20',
  'x'.repeat(256),
];

describe('A hostile name', () => {
  it.each(hostile)('%s as a server or backend: 400, and haproxy hears nothing', async (name) => {
    const answers = [
      await plain.post(`${prefix}/backends/myapp/servers/${name}/action`, '{"action":"drain"}'),
      await plain.post(`${prefix}/backends/${name}/servers/web01/action`, '{"action":"drain"}'),
      await plain.post(`${prefix}/default/backends/${name}/servers/${name}/action`, '{"action":"maint"}'),
      await plain.get(`${prefix}/backends/${name}/servers`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    for (const answer of answers) expect(answer.json()).toMatchObject({ code: 'invalid_name' });
    expect(heard).toBe('');
  });

  it.each([
    ['a/b', 404],
    ['%', 400],
    ['%ff', 400],
    ['%zz', 400],
  ])('%s, which is none in a path: %d, and haproxy hears nothing', async (name, status) => {
    const answer = await plain.post(`${prefix}/backends/myapp/servers/${name}/action`, '{"action":"drain"}');
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ success: false, status_code: status });
    expect(heard).toBe('');
  });

  it.each(hostile)('%s as an instance: 404, and haproxy hears nothing', async (name) => {
    expect((await plain.get(`${prefix}/${name}/backends`)).json()).toMatchObject({
      code: 'instance_not_found',
    });
    expect(heard).toBe('');
  });
});

describe('A hostile action', () => {
  it.each(['drain; shutdown', 'drain\nshow stat', 'drain extra', ' drain', '', 'DRAIN', '__proto__'])(
    '%j: 400, and haproxy hears nothing',
    async (action) => {
      const body = JSON.stringify({ action });
      const answer = await plain.post(`${prefix}/backends/myapp/servers/web01/action`, body);
      expect(answer.status).toBe(400);
      expect(heard).toBe('');
    },
  );
});

describe('A good name', () => {
  it.each(['web01', 'a.b:c-d_e', 'x'.repeat(255)])('%s: one command and nothing else', async (name) => {
    await plain.post(`${prefix}/backends/${name}/servers/${name}/action`, '{"action":"drain"}');
    expect(heard).toBe(`(connected)set server ${name}/${name} state drain\n`);
  });
});
