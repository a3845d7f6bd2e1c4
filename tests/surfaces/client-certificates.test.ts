// Nothing without a verified client certificate, in both refusal modes (v0.1 "Common rules", 401).

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { startTestAgent, type TestAgent } from './kit/agent';
import { createClient, type Answer } from './kit/client';
import { badClients, makePki, type Issued, type TestPki } from './kit/pki';

const kinds = ['none', 'other CA', 'self-signed', 'expired', 'not yet valid', 'server-only EKU'];
let pki: TestPki;
let bad: ReadonlyMap<string, Issued | undefined>;
let http: TestAgent;
let handshake: TestAgent;

beforeAll(async () => {
  pki = await makePki();
  bad = await badClients(pki);
  [http, handshake] = await Promise.all([
    startTestAgent({ pki }),
    startTestAgent({ pki, amphorad: 'client_auth_failure = handshake' }),
  ]);
});
afterAll(() => Promise.all([http.stop(), handshake.stop()]));

async function ask(amphora: TestAgent, kind: string, path = '/info', body?: Buffer): Promise<Answer> {
  const client = createClient({
    port: amphora.agent.port,
    ca: pki.ca.certificatePem,
    identity: bad.get(kind),
  });
  try {
    return await client.call(body === undefined ? 'GET' : 'PUT', path, body === undefined ? {} : { body });
  } finally {
    client.close();
  }
}

describe('client_auth_failure = http', () => {
  it.each(kinds)('%s: 401 Unauthorized in JSON, the connection is closed', async (kind) => {
    const answer = await ask(http, kind);
    expect([answer.status, answer.headers.connection]).toEqual([401, 'close']);
    expect(answer.json()).toEqual({
      message: 'Unauthorized',
      details: expect.stringMatching(/client certificate/),
    });
  });

  it.each(['/v0.1/details', '/nothing', '/v0.1/listeners'])(
    'nothing whatever is served without one: %s',
    async (path) => {
      expect((await ask(http, 'none', path)).status).toBe(401);
    },
  );

  it('decided before the body is read: a megabyte is refused and its sender gets the answer', async () => {
    expect((await ask(http, 'none', '/v0.1/certificate', Buffer.alloc(40_000))).status).toBe(401);
  });

  it('the access log says why', async () => {
    await ask(http, 'expired');
    const refused = http.log.entries.filter(({ fields }) => fields['status'] === 401);
    expect(refused.map(({ fields }) => fields['reason'])).toContain('the client certificate has expired');
  });

  it('the right one: 200', async () => {
    expect((await http.client.get('/info')).status).toBe(200);
  });
});

describe('client_auth_failure = handshake', () => {
  it.each(kinds)('%s: the handshake fails', async (kind) => {
    await expect(ask(handshake, kind)).rejects.toMatchObject({
      code: expect.stringMatching(/^(ERR_SSL_|ECONNRESET|EPIPE)/),
    });
  });

  it('the right one: 200', async () => {
    expect((await handshake.client.get('/info')).status).toBe(200);
  });
});

it('plain HTTP to the port: the connection is closed without an answer', async () => {
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(http.agent.port, '127.0.0.1', () =>
      socket.write('GET /info HTTP/1.1\r\nHost: x\r\n\r\n'),
    );
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
  expect(answer).not.toContain('HTTP/1.1 200');
});
