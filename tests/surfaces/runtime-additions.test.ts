// Servers added at run time: they get traffic without a reload, and outlive reloads, haproxy and the agent.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const id = '00000002-aaaa-4bbb-8ccc-dddddddddddd';
const api = `/api/v1/haproxy/${id}`;
const servers = `${api}/backends/pool-1/servers`;
const sockets = createNodeUnixSockets();
type Body = Record<string, unknown>;

let directory: string;
let pki: TestPki;
let daemon: Daemon;
let client: Client;
let one: Backend;
let two: Backend;
let port: number;

const dataOf = (answer: { json: () => unknown }): Body => (answer.json() as { data: Body }).data;
const codeOf = (answer: { json: () => unknown }): unknown => (answer.json() as Body)['code'];
const upload = (text: string) => client.put(`/v0.1/listeners/${amphoraId}/${id}/haproxy`, text);
const act = async (verb: string): Promise<void> => {
  expect((await client.put(`/v0.1/listeners/${id}/${verb}`)).status).toBeLessThan(300);
};
const add = (name: string, more: Body = {}) =>
  client.post(servers, JSON.stringify({ name, address: '127.0.0.1', port: two.port, inter: 100, ...more }));
const hears = async (name: string): Promise<void> =>
  eventually(async () => expect(await fetchText(port)).toBe(name));
const tell = (command: string): Promise<string> =>
  sockets.request(join(directory, 'lib', id, 'master.sock'), command, { timeoutMs: 5_000 });
const reloads = async (): Promise<number> => Number(/\smaster\s+(\d+)/.exec(await tell('show proc'))?.[1]);

async function start(): Promise<void> {
  const { main, local } = writeAgentFiles(directory, pki);
  daemon = await startDaemon(['serve', '--config-file', main, '--local-config', local, '--ready-json']);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

beforeAll(async () => {
  directory = temporaryDirectory();
  [pki, one, two] = await Promise.all([makePki(), startBackend('one'), startBackend('two')]);
  port = await freePort();
  await start();
  await upload(listenerConfig({ port, backends: [one] }));
  await act('start');
});
afterAll(async () => {
  await client.delete(`/v0.1/listeners/${id}`);
  client.close();
  await daemon.end();
  await endLeftovers();
  await Promise.all([one, two].map((backend) => backend.close()));
  rmSync(directory, { recursive: true, force: true });
});

describe('POST /api/v1/haproxy/{instance}/backends/{b}/servers', () => {
  it('adds one that gets traffic at once, without a reload, and that outlives reloads, haproxy and the agent', async () => {
    const before = await reloads();
    const added = await add('two');
    expect([added.status, dataOf(added)]).toEqual([
      201,
      expect.objectContaining({ backend: 'pool-1', server: 'two', persisted: true }),
    ]);
    await hears('two');
    expect(await reloads()).toBe(before);
    // The upload is somebody else's.
    const stored = await client.get(`/v0.1/listeners/${id}/haproxy`);
    expect(stored.text).toBe(listenerConfig({ port, backends: [one] }));

    await upload(listenerConfig({ port, backends: [one], extra: '    retries 2' }));
    await act('reload');
    expect(await reloads()).toBe(before + 1);
    await hears('two');

    await act('stop');
    await act('start');
    await hears('two');

    client.close();
    await daemon.end('SIGKILL');
    await start();
    await act('reload');
    await hears('two');
    expect(dataOf(await client.get(servers))['persisted_additions']).toEqual([
      expect.objectContaining({ name: 'two', state: 'carried' }),
    ]);
    expect(dataOf(await client.get(`${servers}/two`))['persisted_addition']).toBe(true);
  });

  it.each([
    ['a name in place of an address', { address: 'localhost' }, 400, 'invalid_request'],
    ['no port', { port: 0 }, 400, 'invalid_request'],
    ['a name that is none', { name: 'a b' }, 400, 'invalid_request'],
    ['a name that is taken', { name: 'one' }, 409, 'conflict'],
  ])('refuses %s', async (_, wrong, status, code) => {
    const answer = await add('other', wrong);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  it('says what haproxy says', async () => {
    const answer = await add('one');
    expect((answer.json() as Body)['error']).toBe(
      'Ошибка HAProxy: Already exists a server with the same name in backend',
    );
  });

  it('adds one until the next reload when that is wished', async () => {
    expect(dataOf(await add('passing', { persist: false }))['persisted']).toBe(false);
    await upload(listenerConfig({ port, backends: [one], extra: '    retries 3' }));
    await act('reload');
    expect((await client.get(`${servers}/passing`)).status).toBe(404);
  });
});

describe('DELETE /api/v1/haproxy/{instance}/backends/{b}/servers/{s}', () => {
  it('removes an added one for good', async () => {
    const removed = await client.delete(`${servers}/two?drain=1`);
    expect([removed.status, dataOf(removed)['persisted']]).toEqual([200, true]);
    await upload(listenerConfig({ port, backends: [one], extra: '    retries 1' }));
    await act('reload');
    expect((await client.get(`${servers}/two`)).status).toBe(404);
    await hears('one');
  });

  it('says that one of the upload will be back, and it is', async () => {
    expect(dataOf(await client.delete(`${servers}/one`))['persisted']).toBe(false);
    await upload(listenerConfig({ port, backends: [one], extra: '    retries 2' }));
    await act('reload');
    await hears('one');
  });

  it('is 404 for one that is not there', async () => {
    const answer = await client.delete(`${servers}/none`);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'server_not_found']);
  });

  it('refuses a deadline that is none', async () => {
    expect((await client.delete(`${servers}/one?timeout=x`)).status).toBe(400);
  });
});

describe('POST /api/v1/haproxy/backends/{b}/servers and DELETE /api/v1/haproxy/backends/{b}/servers/{s}', () => {
  const short = '/api/v1/haproxy/backends';

  it('mean the only load balancer', async () => {
    const body = JSON.stringify({ name: 'short', address: '127.0.0.1', port: two.port });
    expect((await client.post(`${short}/pool-1/servers`, body)).status).toBe(201);
    expect((await client.delete(`${short}/pool-1/servers/short`)).status).toBe(200);
  });
});
