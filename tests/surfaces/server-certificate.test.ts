// v0.1 "Server certificate rotation": served at once, durable, and never out of service for a bad bundle.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { issueClient } from '../../agent/pki/issue';
import { startTestAgent, type TestAgent } from './kit/agent';
import { createClient } from './kit/client';
import { makePki, makeServer } from './kit/pki';

const day = 86_400_000;
const fixtures = join(__dirname, '..', 'fixtures', 'pki');
let amphora: TestAgent;

const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber;
const newConnection = { pooled: false };

beforeAll(async () => {
  amphora = await startTestAgent();
});
afterAll(() => amphora.stop());

describe.each(['', 's'])('PUT /v0.1/certificate, PUT /v0.1/certificates: certificate%s', (ending) => {
  const path = `/v0.1/certificate${ending}`;

  it('202 OK: new connections get the new certificate at once, and it is stored with mode 0600', async () => {
    const next = await makeServer(amphora.pki.ca);
    const answer = await amphora.client.put(path, next.bundlePem);
    expect([answer.status, answer.json()]).toEqual([202, { message: 'OK' }]);
    expect((await amphora.client.get('/info', newConnection)).serverSerial).toBe(
      serialOf(next.certificatePem),
    );
    expect(readFileSync(amphora.serverPath, 'utf8')).toBe(next.bundlePem);
    expect(statSync(amphora.serverPath).mode & 0o777).toBe(0o600);
  });
});

describe('PUT /v0.1/certificate refuses, and the old certificate stays in service', () => {
  const cases: readonly [string, () => Promise<string>, string][] = [
    ['no certificate', () => Promise.resolve(amphora.pki.server.keyPem), 'No certificate found'],
    ['nothing at all', () => Promise.resolve('hello'), 'No certificate found'],
    ['a bundle without key', () => Promise.resolve(amphora.pki.server.certificatePem), 'No RSA key found'],
    [
      'an encrypted key',
      () =>
        Promise.resolve(
          amphora.pki.server.certificatePem + readFileSync(join(fixtures, 'ec-encrypted-pkcs8.key'), 'utf8'),
        ),
      'No RSA key found',
    ],
    [
      'a foreign key',
      async () => amphora.pki.server.certificatePem + (await makeServer(amphora.pki.ca)).keyPem,
      'Certificate and key do not match',
    ],
    [
      'an expired one',
      async () =>
        (await makeServer(amphora.pki.ca, { notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }))
          .bundlePem,
      'Certificate is expired or not yet valid',
    ],
    [
      'one not yet valid',
      async () =>
        (await makeServer(amphora.pki.ca, { notBefore: Date.now() + day, notAfter: Date.now() + 9 * day }))
          .bundlePem,
      'Certificate is expired or not yet valid',
    ],
  ];

  it.each(cases)('400: %s', async (_what, bundle, message) => {
    const before = readFileSync(amphora.serverPath, 'utf8');
    const pem = await bundle();
    const answer = await amphora.client.put('/v0.1/certificate', pem);
    expect([answer.status, (answer.json() as { message: string }).message]).toEqual([400, message]);
    expect(answer.text).not.toMatch(/PRIVATE KEY/);
    expect(readFileSync(amphora.serverPath, 'utf8')).toBe(before);
    expect((await amphora.client.get('/info', newConnection)).serverSerial).toBe(
      serialOf(before.slice(before.indexOf('-----BEGIN CERT'))),
    );
  });

  it.each([
    [
      'a client certificate',
      () => issueClient(amphora.pki.ca, { commonName: 'x', days: 9, now: Date.now() }),
    ],
  ])('400: %s, with which nobody could connect any more', async (_what, issue) => {
    const answer = await amphora.client.put('/v0.1/certificate', (await issue()).bundlePem);
    expect([answer.status, (answer.json() as { message: string }).message]).toEqual([
      400,
      'Certificate cannot serve TLS',
    ]);
    expect((await amphora.client.get('/info', newConnection)).status).toBe(200);
  });

  it('413: a 10 MB body', async () => {
    const answer = await amphora.client.put('/v0.1/certificate', Buffer.alloc(10 * 1024 * 1024, 'x'));
    expect([answer.status, answer.headers.connection]).toEqual([413, 'close']);
    expect(answer.json()).toEqual({
      message: 'Request body too large',
      details: 'at most 4194304 bytes are accepted',
    });
  });

  it('413: a body without a length that turns out too long', async () => {
    const answer = await amphora.client.put('/v0.1/certificate', Buffer.alloc(5 * 1024 * 1024, 'x'), {
      chunked: true,
    });
    expect(answer.status).toBe(413);
  });
});

it('rotation under load: 1,000 requests around it, none fails, new connections get the new serial', async () => {
  const next = await makeServer(amphora.pki.ca);
  const answers: number[] = [];
  const serials = new Set<string>();
  let rotated: Promise<unknown> | undefined;
  const worker = async (pooled: boolean): Promise<void> => {
    while (answers.length < 1_000) {
      answers.push(0);
      const index = answers.length - 1;
      if (index === 500) rotated = amphora.client.put('/v0.1/certificate', next.bundlePem);
      const { status, serverSerial } = await amphora.client.get('/info', { pooled });
      answers[index] = status;
      serials.add(serverSerial);
    }
  };
  await Promise.all([worker(true), worker(true), worker(true), worker(false), worker(false), worker(false)]);
  await expect(rotated).resolves.toMatchObject({ status: 202 });
  expect(answers.filter((status) => status !== 200)).toEqual([]);
  expect(answers).toHaveLength(1_000);
  expect(serials).toContain(serialOf(next.certificatePem));
  expect(serials.size).toBeGreaterThan(1);
  expect((await amphora.client.get('/info', newConnection)).serverSerial).toBe(serialOf(next.certificatePem));
}, 60_000);

it('SIGHUP reads certificate and client CA again: clients of the new authority are let in', async () => {
  const other = await makePki();
  writeFileSync(join(amphora.directory, 'ca.pem'), amphora.pki.ca.certificatePem + other.ca.certificatePem);
  await amphora.agent.rereadCertificates();
  const client = createClient({
    port: amphora.agent.port,
    ca: amphora.pki.ca.certificatePem,
    identity: other.client,
  });
  expect((await client.get('/info')).status).toBe(200);
  client.close();
});
