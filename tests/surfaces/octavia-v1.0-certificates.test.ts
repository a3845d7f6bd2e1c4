// Octavia's 1.0 API, certificates row by row, and their rotation as controllers do it: the same name, then a reload.

import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId, makeServer } from './kit/pki';
import { freePort, startBackend, type Backend } from './kit/traffic';

const lb = '0000000a-aaaa-4bbb-8ccc-eeeeeeeeeeee';
const name = 'fe27a1b0.pem';
let amphora: TestAgent;
let backend: Backend;

const pathOf = (file: string, of = lb): string => `/1.0/loadbalancer/${of}/certificates/${file}`;
const put = (file: string, content: string | Buffer, of = lb) =>
  amphora.client.put(pathOf(file, of), content);
const directory = (of = lb): string => join(amphora.basePath, 'certs', of);
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const wrongName = { message: 'Filename has wrong format' };
const notFound = (file: string) => ({
  message: 'Certificate Not Found',
  details: `No certificate with filename: ${file}`,
});

beforeAll(async () => {
  [amphora, backend] = await Promise.all([startTestAgent(), startBackend('one')]);
});
afterAll(async () => {
  await amphora.stop();
  await backend.close();
});

describe('PUT, GET and DELETE /1.0/loadbalancer/{lb}/certificates/{name}', () => {
  it.each([
    ['a bundle', 'a.pem', () => amphora.pki.server.bundlePem],
    ['a CA alone', 'client_ca.pem', () => amphora.pki.ca.certificatePem],
    ['a crt-list', `${lb}.pem`, () => '/var/lib/octavia/certs/x/a.pem\n'],
    ['nothing', 'empty.pem', () => ''],
  ])('200 OK with the MD5, contents are not inspected: %s', async (_what, file, content) => {
    const text = content();
    const answer = await put(file, text, 'lb-1');
    expect([answer.status, answer.json(), answer.headers.etag]).toEqual([200, { message: 'OK' }, md5(text)]);
    expect(readFileSync(join(directory('lb-1'), file), 'utf8')).toBe(text);
    expect(statSync(join(directory('lb-1'), file)).mode & 0o777).toBe(0o600);
    expect(statSync(directory('lb-1')).mode & 0o777).toBe(0o700);
    const digest = await amphora.client.get(pathOf(file, 'lb-1'));
    expect([digest.status, digest.json(), digest.headers.etag]).toEqual([
      200,
      { md5sum: md5(text) },
      md5(text),
    ]);
    for (let times = 0; times < 2; times += 1) {
      const removed = await amphora.client.delete(pathOf(file, 'lb-1'));
      expect([removed.status, removed.json()]).toEqual([200, { message: 'OK' }]);
    }
    const gone = await amphora.client.get(pathOf(file, 'lb-1'));
    expect([gone.status, gone.json()]).toEqual([404, notFound(file)]);
  });

  it.each(['a.crt', '.a.pem', 'pem', 'a%2fb.pem', 'a%00.pem'])('400: the file name %s', async (file) => {
    for (const method of ['PUT', 'GET', 'DELETE']) {
      const answer = await amphora.client.call(method, pathOf(file));
      expect([answer.status, answer.json()]).toEqual([400, wrongName]);
    }
  });

  it.each(['certs', '.x', 'a%20b', 'x'.repeat(65)])('the id %s: 400, 404, 200', async (of) => {
    expect((await put('a.pem', 'x', of)).status).toBe(400);
    const got = await amphora.client.get(pathOf('a.pem', of));
    expect([got.status, got.json()]).toEqual([404, notFound('a.pem')]);
    expect((await amphora.client.delete(pathOf('a.pem', of))).status).toBe(200);
  });
});

function config(port: number): string {
  return `global
    daemon
    maxconn 200
defaults
    mode http
    option idle-close-on-response
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend tls-listener
    bind 127.0.0.1:${port} ssl crt-list ${directory()}/tls-listener.pem
    default_backend pool
backend pool
    server one 127.0.0.1:${backend.port}
`;
}

/** Asks once over TLS; the serial of what is shown, or a rejection. */
function serialAt(port: number, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, rejectUnauthorized: false };
    const own = agent ?? new Agent({ keepAlive: false, maxCachedSessions: 0 });
    const request = get({ ...options, agent: own }, (response) => {
      const { socket } = response;
      const serial = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.serialNumber : undefined;
      response.resume();
      response.once('error', reject);
      response.once('end', () =>
        response.statusCode === 200 ? resolve(serial ?? '') : reject(new Error(`${response.statusCode}`)),
      );
    });
    request.once('error', reject);
  });
}

describe('the rotation of a listener’s certificate', () => {
  it('under the same name and the same configuration: served after the reload, and no request fails', async () => {
    const port = await freePort();
    const first = await makeServer(amphora.pki.ca);
    await put(name, first.bundlePem);
    await put('tls-listener.pem', `${directory()}/${name}\n`);
    const path = `/1.0/loadbalancer/${amphoraId}/${lb}/haproxy`;
    expect((await amphora.client.put(path, config(port))).json()).toEqual({ message: 'OK' });
    expect((await amphora.client.put(`/1.0/loadbalancer/${lb}/start`)).status).toBe(202);
    expect((await amphora.client.get('/1.0/listeners')).json()).toEqual([
      { status: 'ACTIVE', uuid: 'tls-listener', type: 'TERMINATED_HTTPS' },
    ]);

    const ended = new AbortController();
    const failures: string[] = [];
    const ask = async (agent: Agent | undefined): Promise<void> => {
      while (!ended.signal.aborted) {
        await serialAt(port, agent).catch((thrown: unknown) => failures.push(String(thrown)));
      }
      agent?.destroy();
    };
    const kept = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });
    const users = [kept(), kept(), undefined, undefined].map(ask);
    for (let round = 0; round < 3; round += 1) {
      const next = await makeServer(amphora.pki.ca);
      expect((await put(name, next.bundlePem)).headers.etag).toBe(md5(next.bundlePem));
      expect((await amphora.client.put(path, config(port))).status).toBe(202);
      const reloaded = await amphora.client.put(`/1.0/loadbalancer/${lb}/reload`);
      expect(reloaded.json()).toEqual({ message: 'OK', details: `Listener ${lb} reloaded` });
      expect(await serialAt(port)).toBe(new X509Certificate(next.certificatePem).serialNumber);
    }
    ended.abort();
    await Promise.all(users);
    expect(failures).toEqual([]);
  });

  it('to what haproxy cannot use: the upload is taken, the reload is 500 with the reason, and the old one serves', async () => {
    const port = Number(
      /127\.0\.0\.1:(\d+) ssl/.exec(readFileSync(join(amphora.basePath, lb, 'haproxy.cfg'), 'utf8'))?.[1],
    );
    const before = await serialAt(port);
    expect((await put(name, 'no certificate')).status).toBe(200);
    const answer = await amphora.client.put(`/1.0/loadbalancer/${lb}/reload`);
    expect([answer.status, answer.json()]).toEqual([
      500,
      { message: 'Error reloading haproxy', details: expect.stringContaining(name) },
    ]);
    expect(await serialAt(port)).toBe(before);
  });

  it('deletion takes process, configuration and certificates', async () => {
    expect((await amphora.client.delete(`/1.0/listeners/${lb}`)).status).toBe(200);
    expect(readdirSync(amphora.basePath).filter((entry) => entry.startsWith(lb))).toEqual([]);
    expect(readdirSync(join(amphora.basePath, 'certs'))).not.toContain(lb);
  });
});
