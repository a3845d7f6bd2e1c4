// Who may use the runtime API where, and which haproxies it offers when none are configured.

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestAgent, temporaryDirectory, writeAgentFiles, type TestAgent } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, runToEnd, startDaemon, type Daemon } from './kit/daemon';
import { freePort, startHaproxy, type TestHaproxy } from './kit/haproxy';
import { makePki } from './kit/pki';
import { createPlainClient, type PlainClient } from './kit/plain-client';

const run = promisify(execFile);
const prefix = '/api/v1/haproxy';
const path = `${prefix}/backends`;
const token = 'a-long-and-secret-token';

describe('The workflow of the document, by curl with a token', () => {
  let haproxy: TestHaproxy;
  let agent: TestAgent;
  let base: string;

  beforeAll(async () => {
    haproxy = await startHaproxy('backend myapp\n  server web01 127.0.0.1:9\n  server web02 127.0.0.1:9');
    const tokenPath = join(haproxy.directory, 'token');
    writeFileSync(tokenPath, `${token}\n`, { mode: 0o600 });
    agent = await startTestAgent({
      runtimeApi: `bind = 127.0.0.1:0
auth_token_file = ${tokenPath}
instances = ${haproxy.socket('admin')}`,
    });
    base = `http://127.0.0.1:${agent.agent.runtimeApi?.port ?? 0}${prefix}`;
  });
  afterAll(async () => {
    await agent.stop();
    await haproxy.clean();
  });

  const curl = async (...given: readonly string[]): Promise<{ status: number; body: unknown }> => {
    const { stdout } = await run('curl', ['-s', '--max-time', '10', '-w', '\n%{http_code}', ...given]);
    const [body = '', status] = stdout.split(/\n(?=\d+$)/);
    return { status: Number(status), body: JSON.parse(body) as unknown };
  };
  const authorized = ['-H', `Authorization: Bearer ${token}`];
  const act = (action: string) =>
    curl(
      ...authorized,
      ...['-X', 'POST', '-H', 'Content-Type: application/json', '-d', `{"action": "${action}"}`],
      `${base}/backends/myapp/servers/web01/action`,
    );
  const stateOf = async (): Promise<unknown> => {
    const { body } = await curl(...authorized, `${base}/backends/myapp/servers`);
    const { servers } = (body as { data: { servers: { name: string; status: string }[] } }).data;
    return servers.find(({ name }) => name === 'web01')?.status;
  };

  it('lists, drains, looks, maintains, and makes ready again', async () => {
    expect(await curl(...authorized, `${base}/backends`)).toEqual({
      status: 200,
      body: {
        success: true,
        status_code: 200,
        data: { instance: 'default', backends: ['myapp'], count: 1 },
      },
    });
    expect(await stateOf()).toBe('no check');
    for (const [action, status] of [
      ['drain', 'DRAIN'],
      ['maint', 'MAINT'],
      ['ready', 'no check'],
    ] as const) {
      expect(await act(action)).toMatchObject({
        status: 200,
        body: { message: `Состояние сервера успешно изменено на '${action}'`, data: { action } },
      });
      expect(await stateOf()).toBe(status);
    }
  });

  it.each([
    ['no token', []],
    ['a wrong one', ['-H', 'Authorization: Bearer wrong']],
    ['a longer one', ['-H', `Authorization: Bearer ${token}x`]],
    ['an empty one', ['-H', 'Authorization: Bearer ']],
    ['another scheme', ['-u', `user:${token}`]],
  ])('%s: 401, and how to do better', async (_what, given) => {
    const { stdout } = await run('curl', ['-s', '-i', ...given, `${base}/backends`]);
    expect(stdout).toMatch(/^HTTP\/1\.1 401 /);
    expect(stdout).toMatch(/\r\nWWW-Authenticate: Bearer\r\n/);
    expect(stdout).toMatch(/"success":false,"status_code":401,"error":"[^"]+","code":"unauthorized"/);
    expect(stdout).not.toContain(token);
  });

  it('is not needed on the REST listener, where the certificate counts', async () => {
    expect((await agent.client.get(path)).status).toBe(200);
  });

  it('stays out of the log', () => {
    expect(JSON.stringify(agent.log.entries)).not.toContain(token);
  });
});

describe('A listener without a token', () => {
  let agent: TestAgent;
  let plain: PlainClient;
  const uuid = '11111111-2222-4333-8444-555555555555';

  beforeAll(async () => {
    agent = await startTestAgent({ runtimeApi: 'bind = 127.0.0.1:0\nlanguage = en\ntimeout = 1' });
    plain = createPlainClient(agent.agent.runtimeApi?.port ?? 0);
  });
  afterAll(async () => {
    plain.close();
    await agent.stop();
  });

  it.each(['127.0.0.1', 'localhost:11011', 'LOCALHOST', '[::1]:11011', '127.0.0.2:80'])(
    'answers a program that calls it %s',
    async (host) => {
      expect((await plain.get(path, { headers: { Host: host } })).status).toBe(404);
    },
  );

  it.each([
    { Host: 'attacker.example' },
    { Host: 'localhost.attacker.example:11011' },
    { Host: '192.0.2.1' },
    { Origin: 'http://attacker.example' },
    { Origin: 'null' },
    { Origin: 'http://localhost:11011' },
  ])('refuses what a web page may have sent: %j', async (headers) => {
    const answer = await plain.get(path, { headers });
    expect([answer.status, answer.json()]).toMatchObject([403, { status_code: 403, code: 'forbidden' }]);
  });

  it('offers no other dialect', async () => {
    expect((await plain.get('/v0.1/info')).status).toBe(404);
    expect((await plain.get('/1.0/info')).status).toBe(404);
  });

  it('offers the load balancers of this amphora, and the only one without its name', async () => {
    expect((await plain.get(path)).json()).toMatchObject({
      code: 'instance_not_found',
      details: { instances: [] },
    });
    const config = `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend f
  bind 127.0.0.1:${await freePort()}
  default_backend pool
backend pool
  server member 127.0.0.1:9
`;
    const amphora = '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';
    expect((await agent.client.put(`/v0.1/listeners/${amphora}/${uuid}/haproxy`, config)).status).toBe(201);
    expect((await agent.client.put(`/v0.1/listeners/${uuid}/start`)).status).toBe(202);
    expect((await plain.get(path)).json()).toMatchObject({ data: { instance: uuid, backends: ['pool'] } });
    const action = `${prefix}/${uuid}/backends/pool/servers/member/action`;
    expect((await plain.post(action, '{"action":"maint"}')).json()).toMatchObject({
      message: "Server state changed to 'maint'",
    });
    expect((await plain.get(`${prefix}/${uuid}/backends/pool/servers`)).json()).toMatchObject({
      data: { servers: [{ name: 'member', status: 'MAINT', admin_state: 'maint' }] },
    });
    const unknown = await plain.post(action.replace('/member/', '/other/'), '{"action":"maint"}');
    expect([unknown.status, unknown.json()]).toMatchObject([502, { code: 'server_not_found' }]);
  });

  it('is 503 for a load balancer that is stopped', async () => {
    expect((await agent.client.put(`/v0.1/listeners/${uuid}/stop`)).status).toBe(202);
    expect((await plain.get(`${prefix}/${uuid}/backends`)).json()).toMatchObject({
      status_code: 503,
      code: 'unavailable',
      error: expect.stringMatching(
        /^HAProxy connection error: (Socket file not found: \/.*|\[Errno 111\] Connection refused)$/,
      ),
    });
  });
});

describe('An agent that may only tell', () => {
  it('answers GET and refuses every change with 403, on both listeners', async () => {
    const haproxy = await startHaproxy('backend myapp\n  server web01 127.0.0.1:9');
    const agent = await startTestAgent({
      runtimeApi: `bind = 127.0.0.1:0\nwrite = False\ninstances = ${haproxy.socket('admin')}`,
    });
    const plain = createPlainClient(agent.agent.runtimeApi?.port ?? 0);
    const action = `${prefix}/backends/myapp/servers/web01/action`;
    const refused = await plain.post(action, '{"action":"drain"}');
    expect([refused.status, refused.json()]).toMatchObject([403, { code: 'forbidden' }]);
    expect((await agent.client.post(action, '{"action":"drain"}')).status).toBe(403);
    expect((await plain.get(path)).status).toBe(200);
    plain.close();
    await agent.stop();
    await haproxy.clean();
  });
});

describe('The environment', () => {
  const asRoot = process.geteuid?.() === 0 ? it : it.skip;
  let directory: string;
  let pki: Awaited<ReturnType<typeof makePki>>;
  let args: readonly string[];

  beforeAll(async () => {
    directory = temporaryDirectory();
    pki = await makePki();
    const { main, local } = writeAgentFiles(directory, pki);
    args = ['serve', '--config-file', main, '--local-config', local, '--ready-json'];
  });
  afterEach(() => endLeftovers());
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const clientOf = ({ ready }: Daemon): Client =>
    createClient({ port: ready.port, ca: pki.ca.certificatePem, identity: pki.client });

  it('of the document makes the instances, the deadline and the language', async () => {
    const env = {
      HAPROXY_SOCKET_PATH: '/nowhere/haproxy.sock',
      HAPROXY_API_LANG: 'en',
      HAPROXY_TIMEOUT: '0.5',
    };
    const daemon = await startDaemon(args, { env });
    const client = clientOf(daemon);
    expect((await client.get(`${prefix}/default/backends`)).json()).toMatchObject({
      status_code: 503,
      error: 'HAProxy connection error: Socket file not found: /nowhere/haproxy.sock',
    });
    client.close();
    expect(await daemon.end()).toBe(0);
  });

  it('names several instances, which win over the one path', async () => {
    const env = { HAPROXY_SOCKET_PATH: '/one.sock', HAPROXY_INSTANCES: 'a=/a.sock, b=ipv4@h,' };
    const daemon = await startDaemon(args, { env });
    const client = clientOf(daemon);
    expect((await client.get(path)).json()).toMatchObject({ details: { instances: ['a', 'b'] } });
    client.close();
    await daemon.end();
  });

  it.each([
    [{ HAPROXY_INSTANCES: 'a=/a,/b' }, /HAPROXY_INSTANCES.*"\/b": needs a name/],
    [{ HAPROXY_INSTANCES: 'a=/a,a=/b' }, /"a=\/b": the name a is taken/],
    [{ HAPROXY_INSTANCES: 'backends=/a' }, /the name backends is a word of the paths/],
    [{ HAPROXY_TIMEOUT: '0.05' }, /HAPROXY_TIMEOUT.*0\.1 to 300/],
    [{ HAPROXY_TIMEOUT: 'soon' }, /HAPROXY_TIMEOUT/],
    [{ HAPROXY_API_LANG: 'fr' }, /HAPROXY_API_LANG.*ru, en/],
    [{ AGENT_SECURITY_ENABLED: 'true' }, /AGENT_SECURITY_ENABLED.*set auth_token_file/],
    [{ AMPHORAD_RUNTIME_API_AUTH_TOKEN_FILE: '/nowhere/token' }, /\/nowhere\/token does not exist/],
    [{ AMPHORAD_RUNTIME_API_BIND: '0.0.0.0:0' }, /is not loopback and asks for no token/],
  ])('%j keeps the agent from starting, with status 78 and the reason', async (env, reason) => {
    const { code, stderr } = await runToEnd(args, { env });
    expect([code, stderr]).toEqual([78, expect.stringMatching(reason)]);
  });

  it('with a token has the listener ask for it, and tells it nobody', async () => {
    const port = await freePort();
    const env = {
      AGENT_SECURITY_ENABLED: 'true',
      AGENT_AUTH_TOKEN: token,
      AMPHORAD_RUNTIME_API_BIND: `127.0.0.1:${port}`,
    };
    const daemon = await startDaemon(args, { env });
    const plain = createPlainClient(port);
    expect((await plain.get(path)).status).toBe(401);
    expect((await plain.get(path, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(404);
    plain.close();
    await daemon.end();
    expect(daemon.stderr()).not.toContain(token);
  });

  asRoot('of an agent without root: 503 for a socket that it may not use', async () => {
    const haproxy = await startHaproxy('backend myapp');
    const own = temporaryDirectory();
    const files = writeAgentFiles(own, pki);
    await run('chown', ['-R', '65534:65534', own]);
    const env = { HAPROXY_SOCKET_PATH: haproxy.socket('admin') };
    const daemon = await startDaemon(
      ['serve', '--config-file', files.main, '--local-config', files.local, '--ready-json'],
      { env, uid: 65_534 },
    );
    const client = clientOf(daemon);
    expect((await client.get(path)).json()).toMatchObject({
      status_code: 503,
      code: 'unavailable',
      error: `Ошибка подключения к HAProxy: Permission denied: ${haproxy.socket('admin')}`,
    });
    client.close();
    await daemon.end();
    rmSync(own, { recursive: true, force: true });
    await haproxy.clean();
  });
});
