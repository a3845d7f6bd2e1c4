// Octavia's 1.0 API, "haproxy configuration" and what is done to load balancers, row by row, on a real haproxy.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { peerNameOf } from '../../agent/core/peer-name';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, startLoad, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-eeeeeeeeeeee`;
const unknown = id(9);
const ok = { message: 'OK' };
const missing = (which = unknown) => ({
  message: 'Loadbalancer Not Found',
  details: `No loadbalancer with UUID: ${which}`,
});
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let amphora: TestAgent;
let one: Backend;

const upload = (lb: string, text: string | Buffer, headers: Record<string, string> = {}) =>
  amphora.client.put(`/1.0/loadbalancer/${amphoraId}/${lb}/haproxy`, text, { headers });
const action = (lb: string, verb: string) => amphora.client.put(`/1.0/loadbalancer/${lb}/${verb}`);
const read = (lb: string) => amphora.client.get(`/1.0/loadbalancer/${lb}/haproxy`);
const remove = (lb: string) => amphora.client.delete(`/1.0/listeners/${lb}`);
const listeners = async () =>
  (await amphora.client.get('/1.0/listeners')).json() as { status: string; uuid: string; type: string }[];

/** As Octavia's templates render it, in short: many frontends, a stats socket, a file of server states. */
function combined(lb: string, ports: readonly number[], more = ''): string {
  const frontends = ports.map(
    (port, at) => `frontend ${lb}-listener-${at}
    mode ${at === 1 ? 'tcp' : 'http'}
    bind 127.0.0.1:${port}
    default_backend pool-1:${lb}-listener-${at}
backend pool-1:${lb}-listener-${at}
    mode ${at === 1 ? 'tcp' : 'http'}
    balance roundrobin
    load-server-state-from-file global
    server member-1 127.0.0.1:${one.port} weight 1
`,
  );
  return `# Configuration for loadbalancer ${lb}
global
    daemon
    user nobody
    group nogroup
    log /run/rsyslog/octavia/log local0
    log /run/rsyslog/octavia/log local1 notice
    stats socket ${amphora.basePath}/${lb}.sock mode 0666 level user
    server-state-file ${amphora.basePath}/${lb}/servers-state
    maxconn 500
defaults
    log global
    retries 3
    option redispatch
    option splice-request
    option splice-response
    option http-keep-alive
    option idle-close-on-response
    timeout connect 5s
    timeout client 50s
    timeout server 50s
${more}
${frontends.join('\n')}`;
}

beforeAll(async () => {
  [amphora, one] = await Promise.all([startTestAgent(), startBackend('one')]);
});
afterAll(async () => {
  await amphora.stop();
  await one.close();
});

describe('PUT /1.0/loadbalancer/{amp}/{lb}/haproxy, GET /1.0/loadbalancer/{lb}/haproxy', () => {
  it('202 OK with the MD5 of the bytes received; GET gives the text without its group lines, and that text’s MD5', async () => {
    const text = combined(id(1), [await freePort()]);
    const answer = await upload(id(1), text);
    expect([answer.status, answer.json(), answer.headers.etag]).toEqual([202, ok, md5(text)]);
    const stored = await read(id(1));
    const expected = text.replace('    group nogroup\n', '');
    expect([stored.status, stored.headers['content-type'], stored.headers.etag]).toEqual([
      200,
      'text/plain; charset=UTF-8',
      md5(expected),
    ]);
    expect(stored.text).toBe(expected);
    expect(statSync(join(amphora.basePath, id(1), 'haproxy.cfg')).mode & 0o777).toBe(0o600);
    expect(await listeners()).toEqual([]);
  });

  it('takes any content type, none, and a body without a length', async () => {
    const text = combined(id(1), [await freePort()]);
    for (const type of [
      'application/x-www-form-urlencoded',
      'application/json',
      'text/plain; charset=utf-16',
    ]) {
      expect((await upload(id(1), text, { 'Content-Type': type })).status).toBe(202);
    }
    const path = `/1.0/loadbalancer/${amphoraId}/${id(1)}/haproxy`;
    expect((await amphora.client.put(path, text, { chunked: true })).headers.etag).toBe(md5(text));
  });

  it('gives haproxy the peer name that Octavia derives from the amphora’s id', () => {
    const state = JSON.parse(readFileSync(join(amphora.basePath, id(1), 'state.json'), 'utf8')) as object;
    expect(state).toMatchObject({ owner: 'octavia-v1.0', peer: peerNameOf(amphoraId) });
  });

  it('400 Invalid request in haproxy’s words; the old one stays', async () => {
    const before = (await read(id(1))).text;
    const answer = await upload(id(1), `${before}    server x 127.0.0.1:1 weight 999\n`);
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message: 'Invalid request', details: expect.stringContaining('weight') },
    ]);
    expect((await read(id(1))).text).toBe(before);
  });

  it.each([
    ['no UTF-8', Buffer.from([0x67, 0xff]), 'configuration: expected UTF-8 text'],
    ['a NUL', Buffer.from('a\0'), 'configuration: expected text without NUL'],
  ])('400: %s', async (_what, body, details) => {
    const answer = await upload(unknown, body);
    expect([answer.status, answer.json()]).toEqual([400, { message: 'Invalid request', details }]);
  });

  it.each(['.x', 'certs', 'agent', 'a.sock', 'x'.repeat(65), 'a%20b', '%2e%2e', 'state.json'])(
    '400: the id %s, and no directory is made',
    async (lb) => {
      const answer = await upload(lb, combined('x', [1]));
      expect([answer.status, answer.json()]).toMatchObject([400, { message: 'Invalid request' }]);
      expect(existsSync(join(amphora.basePath, 'agent'))).toBe(false);
    },
  );

  it('400: an amphora id that is none', async () => {
    const answer = await amphora.client.put(`/1.0/loadbalancer/.x/${id(1)}/haproxy`, 'x');
    expect(answer.json()).toMatchObject({ details: expect.stringMatching(/^amphora_id: /) });
  });

  it.each([unknown, 'x', 'certs', 'a%20b', '%2e%2e%2fcerts'])('404 for the unknown %s', async (lb) => {
    const answer = await read(lb);
    expect([answer.status, answer.json()]).toEqual([404, missing(decodeURIComponent(lb))]);
  });
});

describe('PUT /1.0/loadbalancer/{id}/{action}', () => {
  it('starts, reloads and stops in any letter case, as often as asked', async () => {
    const port = await freePort();
    expect((await upload(id(2), combined(id(2), [port]))).status).toBe(202);
    const started = `Configuration file is valid\nhaproxy daemon for ${id(2)} started`;
    for (const [verb, details] of [
      ['start', started],
      ['START', started],
      ['Reload', `Listener ${id(2)} reloaded`],
      ['stop', `Listener ${id(2)} stoped`],
      ['stop', `Listener ${id(2)} stoped`],
      ['reload', started],
    ] as const) {
      const answer = await action(id(2), verb);
      expect([answer.status, answer.json()]).toEqual([202, { message: 'OK', details }]);
    }
    expect(await fetchText(port)).toBe('one');
    expect((await remove(id(2))).json()).toEqual(ok);
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('400 Unknown action, before it is looked whether there is one', async () => {
    const answer = await action(unknown, 'Jump');
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message: 'Invalid Request', details: 'Unknown action: jump' },
    ]);
  });

  it.each(['start', 'stop', 'reload'])('404: %s of what is not there', async (verb) => {
    for (const lb of [unknown, 'vrrp']) {
      const answer = await action(lb, verb);
      expect([answer.status, answer.json()]).toEqual([404, missing(lb)]);
    }
  });

  it('500 Error starting haproxy, Error reloading haproxy: with the reason, and what ran goes on', async () => {
    const ports = [await freePort(), await freePort()];
    await upload(id(3), combined(id(3), ports.slice(0, 1)));
    await action(id(3), 'start');
    await upload(id(4), combined(id(4), ports.slice(0, 1)));
    const refused = await action(id(4), 'start');
    expect([refused.status, refused.json()]).toEqual([
      500,
      { message: 'Error starting haproxy', details: expect.stringContaining(`taken by listener ${id(3)}`) },
    ]);
    await upload(id(4), combined(id(4), ports.slice(1)));
    expect((await action(id(4), 'start')).status).toBe(202);
    await upload(id(4), combined(id(4), ports));
    const again = await action(id(4), 'reload');
    expect([again.status, again.json()]).toMatchObject([500, { message: 'Error reloading haproxy' }]);
    expect(await fetchText(ports[1]!)).toBe('one');
    for (const lb of [id(3), id(4)]) await remove(lb);
  });

  it('a listener is added and taken away by reloads, and no request fails', async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    await upload(id(5), combined(id(5), ports.slice(0, 1)));
    await action(id(5), 'start');
    const load = startLoad(ports[0]!, 3);
    for (const count of [3, 1, 2]) {
      expect((await upload(id(5), combined(id(5), ports.slice(0, count)))).status).toBe(202);
      expect((await action(id(5), 'reload')).status).toBe(202);
      for (const port of ports.slice(0, count)) expect(await fetchText(port)).toBe('one');
      const uuids = (await listeners()).map(({ uuid }) => uuid);
      expect(uuids).toEqual(ports.slice(0, count).map((_, at) => `${id(5)}-listener-${at}`));
    }
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(readFileSync(join(amphora.basePath, id(5), 'servers-state'), 'utf8')).toMatch(/\n$/);
    await remove(id(5));
  });
});

describe('GET /1.0/listeners', () => {
  it('200: one entry for each frontend that serves clients, of the groups that run, with its type', async () => {
    const ports = [await freePort(), await freePort()];
    const internal = `frontend prometheus-exporter-internal
    mode http
    bind 127.0.0.1:${await freePort()}
    http-request use-service prometheus-exporter
`;
    const lb = 'lb.one_1';
    expect((await upload(lb, combined(lb, ports, internal))).status).toBe(202);
    expect(await listeners()).toEqual([]);
    const details = async () =>
      (await amphora.client.get('/1.0/details')).json() as { listeners: string[]; haproxy_count: number };
    const uuids = [`${lb}-listener-0`, `${lb}-listener-1`];
    expect((await details()).listeners).toEqual(expect.arrayContaining(uuids));
    await action(lb, 'start');
    expect(await listeners()).toEqual([
      { status: 'ACTIVE', uuid: uuids[0], type: 'HTTP' },
      { status: 'ACTIVE', uuid: uuids[1], type: 'TCP' },
    ]);
    expect((await details()).haproxy_count).toBe(1);
    expect((await remove(lb)).status).toBe(200);
    expect(existsSync(join(amphora.basePath, lb))).toBe(false);
  });
});

describe('DELETE /1.0/listeners/{id}', () => {
  it.each([unknown, 'x', 'certs', '..%2fx', 'agent'])(
    '200 OK for %s, which is no load balancer',
    async (lb) => {
      const answer = await remove(lb);
      expect([answer.status, answer.json()]).toEqual([200, ok]);
    },
  );
});

describe('both dialects over one core', () => {
  const v01 = (lb: string, rest = '') => `/v0.1/listeners/${lb}${rest}`;
  const old = async (lb: string) =>
    amphora.client.put(
      `/v0.1/listeners/${amphoraId}/${lb}/haproxy`,
      listenerConfig({ port: await freePort(), backends: [one] }),
    );

  it('read each other’s; a write by the other is 409 and names the owner, in the writer’s words', async () => {
    expect((await old(id(6))).status).toBe(201);
    expect((await read(id(6))).status).toBe(200);
    const mine = await upload(id(6), combined(id(6), [await freePort()]));
    expect([mine.status, mine.json()]).toEqual([
      409,
      { message: `load balancer ${id(6)} belongs to octavia-v0.1` },
    ]);
    expect((await remove(id(6))).status).toBe(409);
    expect((await amphora.client.delete(v01(id(6)))).status).toBe(200);

    expect((await upload(id(6), combined(id(6), [await freePort()]))).status).toBe(202);
    expect((await amphora.client.get(v01(id(6), '/haproxy'))).status).toBe(200);
    const theirs = await old(id(6));
    expect([theirs.status, theirs.json()]).toEqual([
      409,
      { message: `load balancer ${id(6)} belongs to octavia-v1.0` },
    ]);
    expect((await amphora.client.delete(v01(id(6)))).status).toBe(409);
    expect((await remove(id(6))).status).toBe(200);
  });

  it('v0.1 lists what its paths can name: UUIDs in lower case', async () => {
    for (const lb of ['plain', id(7)]) {
      expect((await upload(lb, combined(lb, [await freePort()]))).status).toBe(202);
    }
    const listed = (await amphora.client.get('/v0.1/listeners')).json() as { uuid: string }[];
    expect(listed.map(({ uuid }) => uuid)).toContain(id(7));
    expect(listed.map(({ uuid }) => uuid)).not.toContain('plain');
    const details = (await amphora.client.get('/v0.1/details')).json() as { listeners: string[] };
    expect(details.listeners).not.toContain('plain');
    for (const lb of ['plain', id(7)]) await remove(lb);
  });
});
