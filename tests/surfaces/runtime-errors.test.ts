// Every row of the runtime API's error table, produced by the thing itself: haproxies that are stopped, frozen, killed,
// gone, or offer too little.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { startTestAgent, temporaryDirectory, type TestAgent } from './kit/agent';
import { freePort, startHaproxy, type TestHaproxy } from './kit/haproxy';
import { createPlainClient, type PlainClient } from './kit/plain-client';

const prefix = '/api/v1/haproxy';
const sections = 'backend myapp\n  server web01 127.0.0.1:9';
const lost = 'Ошибка подключения к HAProxy: ';

let directory: string;
let living: TestHaproxy;
let stopped: TestHaproxy;
let frozen: TestHaproxy;
let killed: TestHaproxy;
let agent: TestAgent;
let plain: PlainClient;
let closedPort: number;
let deaf: ChildProcess;
const servers: Server[] = [];
const open = new Set<Socket>();
/** What the socket of each name says to anything, before it hangs up. */
const said: Record<string, string> = {};

beforeAll(async () => {
  directory = temporaryDirectory();
  const large = Array.from({ length: 3000 }, (_, index) => `  server s${index} 127.0.0.1:9`).join('\n');
  [living, stopped, frozen, killed] = await Promise.all([
    startHaproxy(sections),
    startHaproxy(sections),
    startHaproxy(sections),
    startHaproxy(`${sections}\nbackend large\n${large}`),
  ]);
  await stopped.end();
  frozen.signal('SIGSTOP');
  closedPort = await freePort();
  const deafPort = await startDeaf();
  writeFileSync(join(directory, 'file'), '');
  mkdirSync(join(directory, 'directory'));
  await serve('saying', (socket, name) => socket.end(said[name] ?? ''));
  await serve('relay', relay);
  const instances = [
    `living=${living.socket('admin')}`,
    `user=${living.socket('user')}`,
    `operator=${living.socket('operator')}`,
    `stopped=${stopped.socket('admin')}`,
    `frozen=${frozen.socket('admin')}`,
    `missing=${join(directory, 'missing')}`,
    `file=${join(directory, 'file')}`,
    `directory=${join(directory, 'directory')}`,
    `closed=ipv4@127.0.0.1:${closedPort}`,
    `closed6=ipv6@[::1]:${closedPort}`,
    `deaf=ipv4@127.0.0.1:${deafPort}`,
    'nameless=ipv4@no-such-host.invalid:1',
    'portless=ipv4@h',
    'highport=ipv4@127.0.0.1:99999',
    'zeroport=ipv6@[::1]:0',
    'word=haproxy.sock',
    `long=/${'x'.repeat(107)}`,
    `saying=${join(directory, 'saying')}`,
    `relay=${join(directory, 'relay')}`,
  ];
  agent = await startTestAgent({
    runtimeApi: `bind = 127.0.0.1:0\ntimeout = 0.5\ninstances = ${instances.join(', ')}`,
  });
  plain = createPlainClient(agent.agent.runtimeApi?.port ?? 0);
});

afterAll(async () => {
  plain.close();
  await agent.stop();
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
  deaf.kill('SIGKILL');
  frozen.signal('SIGCONT');
  await Promise.all([living, stopped, frozen, killed].map((each) => each.clean()));
  rmSync(directory, { recursive: true, force: true });
});

function serve(name: string, take: (socket: Socket, name: string) => void): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    take(socket, name);
  });
  servers.push(server);
  return new Promise((resolve) => server.listen(join(directory, name), resolve));
}

/** Kills haproxy when the first of its answer has come, and passes on what it had sent. */
function relay(client: Socket): void {
  const upstream = connect({ path: killed.socket('admin'), allowHalfOpen: true });
  upstream.once('data', () => killed.signal('SIGKILL'));
  upstream.on('error', () => client.end());
  client.pipe(upstream);
  upstream.pipe(client);
}

/** A listener whose backlog is full and who accepts nobody: the kernel lets further connections wait. */
async function startDeaf(): Promise<number> {
  const script = `const s=require('net').createServer();s.listen(0,'127.0.0.1',1,()=>{
    process.stdout.write(String(s.address().port)+'\\n');process.kill(process.pid,'SIGSTOP')})`;
  deaf = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve) =>
    deaf.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
  );
  for (let index = 0; index < 4; index += 1) {
    open.add(connect(port, '127.0.0.1').on('error', () => undefined));
  }
  return port;
}

const backends = (instance: string) => plain.get(`${prefix}/${instance}/backends`);
const act = (path: string, more: { query?: string; headers?: Record<string, string> } = {}) =>
  plain.post(`${prefix}/${path}/action${more.query ?? ''}`, '{"action":"drain"}', {
    headers: more.headers ?? {},
  });

describe('A haproxy that cannot be reached', () => {
  it.each([
    ['missing', 'unavailable', () => `${lost}Socket file not found: ${join(directory, 'missing')}`],
    ['stopped', 'unavailable', () => `${lost}[Errno 111] Connection refused`],
    ['file', 'unavailable', () => `${lost}[Errno 111] Connection refused`],
    ['directory', 'unavailable', () => `${lost}[Errno 111] Connection refused`],
    ['closed', 'unavailable', () => `${lost}[Errno 111] Connection refused`],
    ['closed6', 'unavailable', () => `${lost}[Errno 111] Connection refused`],
    ['frozen', 'timeout', () => `${lost}Таймаут при выполнении команды`],
    ['deaf', 'timeout', () => `${lost}[Errno 110] Connection timed out`],
    ['portless', 'bad_address', () => `${lost}Invalid IPv4 format: ipv4@h. Expected: ipv4@host:port`],
    ['highport', 'bad_address', () => 'Invalid port: 99999'],
    ['zeroport', 'bad_address', () => 'Invalid port: 0'],
    [
      'word',
      'bad_address',
      () => `${lost}Invalid address: haproxy.sock. Expected: /path, ipv4@host:port or ipv6@[address]:port`,
    ],
    ['long', 'bad_address', () => `${lost}Socket path of 108 bytes, at most 107 fit: /${'x'.repeat(107)}`],
  ])('%s: 503 for reads and actions', async (instance, code, error) => {
    const wanted = { success: false, status_code: 503, error: error(), code, details: {} };
    const read = await backends(instance);
    expect([read.status, read.json()]).toEqual([503, wanted]);
    const action = await act(`${instance}/backends/myapp/servers/web01`);
    expect([action.status, action.json()]).toEqual([503, wanted]);
  });

  it('by a name that nobody has: 503 with the resolver’s errno', async () => {
    const answer = await backends('nameless');
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({
      code: 'unavailable',
      error: expect.stringMatching(/^Ошибка подключения к HAProxy: (ENOTFOUND|EAI_AGAIN)$/),
    });
  });

  it('is told in English to who asks for it', async () => {
    const answer = await plain.get(`${prefix}/frozen/backends`, { headers: { 'Accept-Language': 'en' } });
    expect(answer.json()).toMatchObject({ error: 'HAProxy connection error: command timed out' });
  });

  it('with a malformed address does not keep the agent from starting, which warns', () => {
    const warned = agent.log.entries.filter(
      ({ message }) => message === 'the address of a haproxy instance is none',
    );
    expect(warned.map(({ fields }) => fields['instance'])).toEqual([
      'portless',
      'highport',
      'zeroport',
      'word',
      'long',
    ]);
  });
});

describe('A haproxy whose socket has a low level', () => {
  it.each(['user', 'operator'])('%s: 502 for the action, with advice, and 200 for GET', async (level) => {
    const action = await act(`${level}/backends/myapp/servers/web01`);
    expect([action.status, action.json()]).toEqual([
      502,
      {
        success: false,
        status_code: 502,
        error: 'Ошибка HAProxy: Permission denied',
        code: 'socket_level',
        details: { advice: 'haproxy wants "level admin" on its "stats socket" line' },
      },
    ]);
    expect((await backends(level)).status).toBe(200);
    expect((await plain.get(`${prefix}/${level}/backends/myapp/servers`)).json()).toMatchObject({
      data: { servers: [{ name: 'web01', admin_state: 'ready' }] },
    });
  });
});

describe('Names that haproxy does not know', () => {
  it.each([
    ['living/backends/myapp/servers/web99', 'server_not_found', 'No such server'],
    ['living/backends/nope/servers/web01', 'backend_not_found', 'No such backend'],
  ])('%s: 502 for the action as documented, 404 when it is asked strictly', async (path, code, words) => {
    const answer = await act(path);
    expect([answer.status, answer.json()]).toMatchObject([
      502,
      { success: false, status_code: 502, error: `Ошибка HAProxy: ${words}`, code },
    ]);
    expect(await act(path, { query: '?strict=1' })).toMatchObject({ status: 404 });
    const strict = await act(path, { headers: { 'X-Strict-Status': '1', 'Accept-Language': 'en' } });
    expect([strict.status, strict.json()]).toMatchObject([
      404,
      { status_code: 404, error: `HAProxy error: ${words}`, code },
    ]);
  });

  it('instances: 404 with those that there are, and without a name when none stands for all', async () => {
    for (const path of ['nobody/backends', 'backends']) {
      const answer = await plain.get(`${prefix}/${path}`);
      expect(answer.status).toBe(404);
      const { code, details } = answer.json() as { code: string; details: { instances: string[] } };
      expect(code).toBe('instance_not_found');
      expect(details.instances).toContain('living');
    }
  });
});

describe('An answer that is cut short', () => {
  const header = '# pxname,svname,status,type,\n';
  it.each([
    ['of zero bytes', ''],
    ['within a row', `${header}web,BACKEND,UP,1,\nweb,s1`],
    ['behind a cell', `${header}web,BACKEND,UP,1,\nweb,s1,`],
    ['behind a row', `${header}web,BACKEND,UP,1,\n`],
    ['within quotes', `${header}web,BACKEND,"U\n\n`],
    ['within a row that looks like the end', `${header}web,BACKEND\n\n`],
  ])('%s: 503, never a shorter list', async (_where, text) => {
    said['saying'] = text;
    const answer = await backends('saying');
    expect([answer.status, answer.json()]).toEqual([
      503,
      { success: false, status_code: 503, error: `${lost}ответ оборван`, code: 'unavailable', details: {} },
    ]);
  });

  it('of an action: 503, since nobody knows', async () => {
    said['saying'] = '';
    expect((await act('saying/backends/myapp/servers/web01')).status).toBe(503);
  });

  it('by a haproxy that is killed in the middle: 503', async () => {
    const answer = await plain.get(`${prefix}/relay/backends/large/servers`);
    expect([answer.status, answer.json()]).toMatchObject([503, { success: false, code: 'unavailable' }]);
  });
});

describe('Whatever else haproxy says', () => {
  it.each([
    [
      "Unknown command: 'set server', but maybe one of:\n  show stat\n",
      'unsupported',
      "Unknown command: 'set server', but maybe one of:",
    ],
    [
      "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n",
      'command_failed',
      "'set server <srv> state' expects 'ready', 'drain' and 'maint'",
    ],
    ['Something odd.\nMore of it.\n\n', 'command_failed', 'Something odd'],
  ])('to an action: 502 with its first line: %j', async (text, code, words) => {
    said['saying'] = text;
    const answer = await act('saying/backends/myapp/servers/web01');
    expect([answer.status, answer.json()]).toEqual([
      502,
      { success: false, status_code: 502, error: `Ошибка HAProxy: ${words}`, code, details: {} },
    ]);
  });

  it('to a read: 502 too', async () => {
    said['saying'] = 'Permission denied\n\n';
    expect((await backends('saying')).json()).toMatchObject({ status_code: 502, code: 'socket_level' });
  });

  it('in more than 64 MiB: 502', async () => {
    const patient = await startTestAgent({
      runtimeApi: `timeout = 60\ninstances = ${join(directory, 'saying')}`,
    });
    said['saying'] = 'x'.repeat(64 * 1024 * 1024 + 1);
    const answer = await patient.client.get(`${prefix}/backends`);
    expect([answer.status, answer.json()]).toMatchObject([502, { code: 'too_large' }]);
    said['saying'] = '';
    await patient.stop();
  }, 30_000);
});
