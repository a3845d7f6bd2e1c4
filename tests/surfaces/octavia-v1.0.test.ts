// Octavia's 1.0 API, what is common to its rows and what tells of the amphora, over mTLS as controllers ask it.

import { readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId, makeServer } from './kit/pki';
import { sendRaw } from './kit/raw';

let amphora: TestAgent;
const unknown = '00000009-aaaa-4bbb-8ccc-dddddddddddd';
const notFound = { error: expect.stringMatching(/^404 Not Found: /), http_code: 404 };

beforeAll(async () => {
  amphora = await startTestAgent();
});
afterAll(() => amphora.stop());

describe('GET /', () => {
  it.each(['/', '//', '/?x=1'])(
    '200: %s tells the version, in compact JSON without a charset',
    async (path) => {
      const answer = await amphora.client.get(path);
      expect([answer.status, answer.text]).toEqual([200, '{"api_version":"1.0"}']);
      expect(answer.headers['content-type']).toBe('application/json');
    },
  );
});

describe('paths', () => {
  it.each(['//1.0/info', '/1.0/info?x=1'])('%s is /1.0/info', async (path) => {
    expect((await amphora.client.get(path)).status).toBe(200);
  });

  it.each([
    '/1.0/info/',
    '/1.0//info',
    '///',
    '///1.0/info',
    '/1.0',
    '/1.0/',
    '/1.0/nothing',
    '/1.0/INFO',
    '/1.1/info',
    '/nothing',
    '/V0.1/info',
    '/1.0/loadbalancer//haproxy',
    '//info/',
  ])('%s: 404 in the body of the framework, as JSON: any other 404 has controllers retry', async (path) => {
    const answer = await amphora.client.get(path);
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/json']);
    expect(answer.json()).toEqual(notFound);
  });

  it('of v0.1 keep their own words', async () => {
    expect((await amphora.client.get('/info')).json()).toMatchObject({ api_version: '0.1' });
    expect((await amphora.client.get('/v0.1/nothing')).json()).toMatchObject({ message: 'Not Found' });
  });

  it('that are no UTF-8: 400', async () => {
    expect((await amphora.client.get('/1.0/interface/%ff')).status).toBe(400);
  });
});

describe('methods', () => {
  it.each([
    ['POST', '/', 'OPTIONS, GET, HEAD'],
    ['PUT', '/1.0/info', 'OPTIONS, GET, HEAD'],
    ['DELETE', '/1.0/certificate', 'OPTIONS, PUT'],
    ['GET', `/1.0/loadbalancer/${unknown}/start`, 'OPTIONS, PUT'],
    ['POST', `/1.0/loadbalancer/${unknown}/haproxy`, 'OPTIONS, GET, HEAD, PUT'],
    ['HEAD', '/1.0/config', 'OPTIONS, PUT'],
  ])('405 with Allow, in the body of the framework: %s %s', async (method, path, allow) => {
    const answer = await amphora.client.call(method, path);
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    if (method === 'HEAD') return;
    expect(answer.json()).toEqual({
      error: expect.stringMatching(/^405 Method Not Allowed: /),
      http_code: 405,
    });
  });

  it.each(['/', '/1.0/info', `/1.0/listeners/${unknown}`])(
    'OPTIONS %s: 200 with Allow and an empty body',
    async (path) => {
      const answer = await amphora.client.call('OPTIONS', path);
      expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([200, '', '0']);
      expect(answer.headers.allow).toMatch(/^OPTIONS, /);
    },
  );

  it('OPTIONS of an unknown path: 404', async () => {
    expect((await amphora.client.call('OPTIONS', '/1.0/nothing')).status).toBe(404);
  });

  it('HEAD is as GET without its body', async () => {
    const got = await amphora.client.get('/1.0/info');
    const answer = await amphora.client.call('HEAD', '/1.0/info');
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers['content-length']).toBe(String(got.text.length));
  });

  it('HTTP/1.0 works', async () => {
    const answer = await sendRaw(amphora, 'GET /1.0/info HTTP/1.0\r\nHost: x\r\n\r\n', amphora.pki.client);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('GET /1.0/info', () => {
  it('200: name and versions, all strings', async () => {
    const body = (await amphora.client.get('/1.0/info')).json() as Record<string, unknown>;
    expect(Object.keys(body)).toEqual([
      'hostname',
      'haproxy_version',
      'api_version',
      'keepalived_version',
      'ipvsadm_version',
    ]);
    expect(body['api_version']).toBe('1.0');
    expect(body['haproxy_version']).toMatch(/^\d+\.\d+\.\d+/);
    expect(Object.values(body).every((value) => typeof value === 'string')).toBe(true);
  });
});

describe('GET /1.0/details', () => {
  it('200: every field of the contract with its type', async () => {
    const body = (await amphora.client.get('/1.0/details')).json() as Record<string, unknown>;
    const number = expect.any(Number);
    const jiffies = expect.stringMatching(/^\d+$/);
    const average = expect.stringMatching(/^\d+\.\d\d$/);
    expect(body).toEqual({
      hostname: expect.any(String),
      haproxy_version: expect.any(String),
      api_version: '1.0',
      networks: expect.any(Object),
      active: true,
      haproxy_count: 0,
      cpu_count: cpus().length,
      cpu: { total: number, user: jiffies, system: jiffies, soft_irq: jiffies },
      memory: {
        total: number,
        free: number,
        buffers: number,
        cached: number,
        swap_used: number,
        shared: number,
        slab: number,
      },
      disk: { used: number, available: number },
      load: [average, average, average],
      active_tuned_profiles: '',
      topology: 'SINGLE',
      topology_status: 'OK',
      listeners: [],
      packages: {},
      lvs_listener_process_count: 0,
      keepalived_version: expect.any(String),
      ipvsadm_version: expect.any(String),
    });
    const networks = body['networks'] as Record<string, unknown>;
    expect(Object.keys(networks).every((name) => name.startsWith('eth'))).toBe(true);
  });
});

describe('GET /1.0/interface/:ip', () => {
  it.each([
    ['127.0.0.1', 200, { message: 'OK', interface: 'lo' }],
    ['203.0.113.77', 404, { message: 'Error interface not found for IP address' }],
    ['10.0.0', 400, { message: 'Invalid IP address' }],
  ])('%s: %d', async (ip, status, body) => {
    const answer = await amphora.client.get(`/1.0/interface/${ip}`);
    expect([answer.status, answer.json()]).toEqual([status, body]);
  });
});

describe('PUT /1.0/certificate', () => {
  const serial = async (): Promise<string> =>
    (await amphora.client.get('/1.0/info', { pooled: false })).serverSerial;

  it('202 OK under traffic: every request is answered, and new connections get the new certificate', async () => {
    const ended = new AbortController();
    const failures: unknown[] = [];
    const ask = async (pooled: boolean): Promise<void> => {
      while (!ended.signal.aborted) {
        const answer = await amphora.client
          .get('/1.0/listeners', { pooled })
          .catch((thrown: unknown) => thrown);
        const status = (answer as { status?: number }).status;
        if (status !== 200) failures.push(answer);
      }
    };
    const users = [true, true, false, false].map(ask);
    for (let round = 0; round < 5; round += 1) {
      const next = await makeServer(amphora.pki.ca);
      const answer = await amphora.client.put('/1.0/certificate', next.bundlePem);
      expect([answer.status, answer.json()]).toEqual([202, { message: 'OK' }]);
      expect(await serial()).toBe(new X509Certificate(next.certificatePem).serialNumber);
      expect(readFileSync(amphora.serverPath, 'utf8')).toBe(next.bundlePem);
    }
    ended.abort();
    await Promise.all(users);
    expect(failures).toEqual([]);
  });

  it.each([
    ['nothing', () => 'hello', 'No certificate found'],
    ['no key', () => amphora.pki.server.certificatePem, 'No RSA key found'],
  ])('400: %s, and the old one stays', async (_what, pem, message) => {
    const before = await serial();
    const answer = await amphora.client.put('/1.0/certificate', pem());
    expect([answer.status, answer.json()]).toMatchObject([400, { message }]);
    expect(await serial()).toBe(before);
  });
});

describe('PUT /1.0/config', () => {
  const path = (): string => join(amphora.directory, 'agent.conf');
  const message = 'Unable to update amphora-agent configuration.';

  it('202 OK: the file is replaced, private, whatever the content type', async () => {
    const text = `${readFileSync(path(), 'utf8')}# told anew\n`;
    const answer = await amphora.client.put('/1.0/config', text);
    expect([answer.status, answer.json()]).toEqual([202, { message: 'OK' }]);
    expect([readFileSync(path(), 'utf8'), statSync(path()).mode & 0o777]).toEqual([text, 0o600]);
  });

  it.each([
    ['a value that is none', '[haproxy_amphora]\nbind_port = nine', 'bind_port'],
    ['what only the box decides', '[amphorad]\nconfig_policy = permissive', 'amphorad'],
    ['another haproxy', '[haproxy_amphora]\nhaproxy_cmd = /bin/sh', 'haproxy_cmd'],
    ['no configuration', 'heartbeat_key = without a section', 'section'],
  ])('400: %s, named in the details; the file stays', async (_what, more, named) => {
    const before = readFileSync(path(), 'utf8');
    const text = more.startsWith('[') ? `${before}\n${more}\n` : `${more}\n`;
    const answer = await amphora.client.put('/1.0/config', text);
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message, details: expect.stringContaining(named) },
    ]);
    expect(readFileSync(path(), 'utf8')).toBe(before);
  });

  it('400: no text', async () => {
    const answer = await amphora.client.put('/1.0/config', Buffer.from([0xff, 0xfe]));
    expect([answer.status, answer.json()]).toMatchObject([400, { message }]);
  });
});

describe('a body above the limit', () => {
  it('400, which controllers take for a failure: 413 they would take for success', async () => {
    const answer = await amphora.client.put(
      `/1.0/loadbalancer/${amphoraId}/${unknown}/haproxy`,
      Buffer.alloc(16 * 1024 * 1024 + 1, 0x20),
    );
    expect([answer.status, answer.json()]).toMatchObject([400, { message: 'Request body too large' }]);
  });
});
