// v0.1 "Info and details", "Topology", interface, common rules and the rows that are not built, over mTLS.

import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId, type Issued } from './kit/pki';
import { sendRaw } from './kit/raw';

let amphora: TestAgent;
const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';

beforeAll(async () => {
  amphora = await startTestAgent();
});
afterAll(() => amphora.stop());

describe.each(['/info', '/v0.1/info', '/info/', '/v0.1/info/'])('GET /info, GET /v0.1/info: %s', (path) => {
  it('200: hostname, uuid, haproxy_version, api_version 0.1', async () => {
    const answer = await amphora.client.get(path);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(answer.json()).toEqual({
      hostname: hostname(),
      uuid: amphoraId,
      haproxy_version: expect.stringMatching(/^\d+\.\d+/),
      api_version: '0.1',
    });
  });
});

describe('GET /v0.1/details', () => {
  it('200: the fields and types of the contract', async () => {
    const { status, json } = await amphora.client.get('/v0.1/details');
    expect(status).toBe(200);
    const number = expect.any(Number);
    expect(json()).toEqual({
      hostname: hostname(),
      uuid: amphoraId,
      haproxy_version: expect.any(String),
      api_version: '0.1',
      networks: expect.any(Object),
      active: true,
      haproxy_count: 0,
      cpu: { total: number, user: number, system: number, soft_irq: number },
      memory: {
        total: number,
        free: number,
        available: number,
        buffers: number,
        cached: number,
        swap_used: number,
        shared: number,
        slab: number,
        committed_as: number,
      },
      disk: { used: number, available: number },
      load: [number, number, number],
      topology: 'SINGLE',
      topology_status: 'OK',
      listeners: [],
      packages: expect.arrayContaining([{ haproxy: expect.any(String) }, { amphorad: expect.any(String) }]),
    });
  });

  it('fractions lie between 0 and 1, interfaces carry rates in both directions, lo is left out', async () => {
    const details = (await amphora.client.get('/v0.1/details')).json() as {
      cpu: Record<string, number>;
      networks: Record<string, object>;
    };
    for (const share of Object.values(details.cpu)) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
    expect(details.networks).not.toHaveProperty('lo');
    for (const rates of Object.values(details.networks)) {
      expect(rates).toEqual({ network_tx: expect.any(Number), network_rx: expect.any(Number) });
    }
  });
});

describe('GET /v0.1/topology', () => {
  it('200: SINGLE, ACTIVE, no ha_ip', async () => {
    const answer = await amphora.client.get('/v0.1/topology');
    expect([answer.status, answer.json()]).toEqual([
      200,
      { hostname: hostname(), uuid: amphoraId, topology: 'SINGLE', role: 'ACTIVE', ha_ip: '' },
    ]);
  });

  it('200: an ACTIVE_STANDBY of agent.conf is ACTIVE-STANDBY here, and stands by without keepalived', async () => {
    const pair = await startTestAgent({
      controllerWorker: 'loadbalancer_topology = ACTIVE_STANDBY',
      pki: amphora.pki,
    });
    const topology = (await pair.client.get('/v0.1/topology')).json();
    const details = (await pair.client.get('/v0.1/details')).json();
    await pair.stop();
    expect(topology).toMatchObject({ topology: 'ACTIVE-STANDBY', role: 'STANDBY' });
    expect(details).toMatchObject({ topology: 'ACTIVE-STANDBY', active: false });
  });
});

describe('GET /v0.1/interface/:ip', () => {
  it.each([['127.0.0.1'], ['127.0.0.1/']])('200: the interface that carries %s', async (ip) => {
    const answer = await amphora.client.get(`/v0.1/interface/${ip}`);
    expect([answer.status, answer.json()]).toEqual([200, { message: 'OK', interface: 'lo' }]);
  });

  it.each(['203.0.113.77', '2001:db8::77'])(
    '404: Error interface not found for IP address (%s)',
    async (ip) => {
      const answer = await amphora.client.get(`/v0.1/interface/${ip}`);
      expect([answer.status, answer.json()]).toEqual([
        404,
        { message: 'Error interface not found for IP address' },
      ]);
    },
  );

  it.each(['10.0.0', '300.1.1.1', 'eth0', '::g', '10.0.0.1%00', '..%2f1'])(
    '400: Bad IP address version (%s)',
    async (ip) => {
      const answer = await amphora.client.get(`/v0.1/interface/${ip}`);
      expect([answer.status, (answer.json() as { message: string }).message]).toEqual([
        400,
        'Bad IP address version',
      ]);
    },
  );
});

describe('common rules', () => {
  it.each(['/v0.1', '/v0.1/nothing', '/v0.1/listeners/a/b/c/d'])(
    'unknown path %s: 404 JSON',
    async (path) => {
      const answer = await amphora.client.get(path);
      expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/json']);
      expect(answer.json()).toEqual({ message: 'Not Found', details: `No such path: ${path}` });
    },
  );

  it.each([
    ['POST', '/info', 'GET, HEAD'],
    ['DELETE', '/v0.1/details', 'GET, HEAD'],
    ['OPTIONS', '/v0.1/details', 'GET, HEAD'],
    ['PUT', `/v0.1/listeners/${listener}`, 'GET, HEAD, DELETE'],
    ['GET', `/v0.1/listeners/${listener}/start`, 'PUT'],
    ['POST', '/v0.1/certificate', 'PUT'],
    ['DELETE', '/v0.1/topology', 'GET, HEAD, POST'],
  ])('405 with Allow: %s %s', async (method, path, allow) => {
    const answer = await amphora.client.call(method, path);
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    expect(answer.json()).toEqual({
      message: 'Method Not Allowed',
      details: `${method} is not allowed here`,
    });
  });

  it('HEAD is as GET without its body', async () => {
    const answer = await amphora.client.call('HEAD', '/info');
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(0);
  });

  it('each answer carries a request id, and the access log line has it with who, what, status, ms and bytes', async () => {
    const answer = await amphora.client.get('/v0.1/topology');
    const id = answer.headers['x-request-id'];
    expect(id).toMatch(/^req-[0-9a-f-]{36}$/);
    const line = amphora.log.entries.find(({ fields }) => fields['requestId'] === id);
    expect(line?.message).toBe('request');
    expect(line?.fields).toMatchObject({
      client: 'controller',
      serial: expect.stringMatching(/^[0-9A-F]+$/),
      method: 'GET',
      path: '/v0.1/topology',
      status: 200,
      ms: expect.any(Number),
      bytesOut: answer.text.length,
    });
  });

  it('no header tells what software answers', async () => {
    const { headers } = await amphora.client.get('/info');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
  });
});

describe('what is no request', () => {
  const raw = (text: string, identity: Issued | undefined) => sendRaw(amphora, text, identity);
  const garbage = 'this is no HTTP\r\n\r\n';

  it.each([
    ['bytes that are no HTTP', garbage, 400],
    ['headers too long', `GET /info HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['CONNECT', 'CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n', 405],
    [
      'both lengths',
      'PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a folded header', 'GET /info HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n', 400],
  ])('%s: JSON with status %3$d for a verified client, no answer for others', async (_what, text, status) => {
    const answer = await raw(text, amphora.pki.client);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\\{"message":"`));
    expect(await raw(text, undefined)).not.toMatch(/^HTTP\/1\.1 [^4]/);
    expect(await raw(garbage, undefined)).toBe('');
  });

  it('an unknown expectation: answered like any other request, 401 without a certificate', async () => {
    const text = 'GET /info HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\nConnection: close\r\n\r\n';
    expect(await raw(text, amphora.pki.client)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw(text, undefined)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('pipelined requests are done one after the other', async () => {
    const config = 'frontend f\n bind 127.0.0.1:1\n';
    const head = `PUT /v0.1/listeners/${amphoraId}/${listener}/haproxy HTTP/1.1\r\nHost: x\r\nContent-Length: ${config.length}\r\n\r\n`;
    const get = (end: string) => `GET /v0.1/listeners/${listener} HTTP/1.1\r\nHost: x\r\n${end}\r\n`;
    const answer = await raw(`${head}${config}${get('Connection: close\r\n')}`, amphora.pki.client);
    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(['201', '200']);
    await amphora.client.delete(`/v0.1/listeners/${listener}`);
  });
});
