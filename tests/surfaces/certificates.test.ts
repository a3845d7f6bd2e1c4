// v0.1 "Certificates", row by row, and TLS listeners on a real haproxy. Titles name the contract's rows.

import { createHash, X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pkiFixture as fixture } from '../fixtures/pki/fixture';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId, makeServer } from './kit/pki';
import { freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-dddddddddddd`;
const unknown = id(9);
const name = 'www.example.com.pem';
const ec = fixture('ec.key') + fixture('ec.crt') + fixture('intermediate.crt');

let amphora: TestAgent;
let backend: Backend;

const pathOf = (listener: string, file = name) => `/v0.1/listeners/${listener}/certificates/${file}`;
const put = (listener: string, pem: string, file = name) => amphora.client.put(pathOf(listener, file), pem);
const directoryOf = (listener: string) => join(amphora.basePath, 'certs', listener);
const stored = (listener: string, file = name) => join(directoryOf(listener), file);
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const upload = (listener: string, text: string) =>
  amphora.client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
const action = (listener: string, verb: string) => amphora.client.put(`/v0.1/listeners/${listener}/${verb}`);
const serialOf = (pem: string) => new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERT'))).serialNumber;
const ok = { message: 'OK' };
const listenerNotFound = (listener: string) => ({
  message: 'Listener Not Found',
  details: `No listener with UUID: ${listener}`,
});
const certificateNotFound = (file = name) => ({
  message: 'Certificate Not Found',
  details: `No certificate with file name: ${file}`,
});

beforeAll(async () => {
  [amphora, backend] = await Promise.all([startTestAgent(), startBackend('one')]);
});

afterAll(async () => {
  await amphora.stop();
  await backend.close();
});

describe('PUT /v0.1/listeners/:listener/certificates/:name.pem', () => {
  it('201 OK: kept as sent, mode 0600 in a directory 0700, before the listener has a configuration', async () => {
    const answer = await put(id(1), ec);
    expect([answer.status, answer.json()]).toEqual([201, ok]);
    expect(readFileSync(stored(id(1)), 'utf8')).toBe(ec);
    expect(statSync(stored(id(1))).mode & 0o777).toBe(0o600);
    expect(statSync(directoryOf(id(1))).mode & 0o777).toBe(0o700);
    expect(readdirSync(directoryOf(id(1)))).toEqual([name]);
    expect((await amphora.client.get('/v0.1/listeners')).text).not.toContain(id(1));
  });

  it('201 OK: takes any content type, none, no length, and a UUID in upper case', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'application/json']) {
      const headers = { 'Content-Type': type };
      expect((await amphora.client.put(pathOf(id(1)), ec, { headers })).status).toBe(201);
    }
    expect((await amphora.client.put(pathOf(id(1).toUpperCase()), ec, { chunked: true })).status).toBe(201);
    expect(readFileSync(stored(id(1)), 'utf8')).toBe(ec);
  });

  it.each([
    ['No certificate found', 'nothing', '', /PEM block of kind CERTIFICATE/],
    ['No certificate found', 'a key alone', fixture('ec.key'), /PEM block/],
    ['No RSA key found', 'a certificate alone', fixture('ec.crt'), /unencrypted RSA or EC/],
    [
      'No RSA key found',
      'an encrypted key',
      fixture('ec-encrypted-pkcs8.key') + fixture('ec.crt'),
      /is encrypted/,
    ],
    [
      'Certificate and key do not match',
      'a foreign key',
      fixture('ed25519.key') + fixture('ec.crt'),
      /no certificate in the bundle/,
    ],
    [
      'Certificate and key do not match',
      'two keys',
      fixture('ec.key') + fixture('ed25519.key') + fixture('ec.crt'),
      /expected one private key, got more: 2/,
    ],
    [
      'Certificate and key do not match',
      'the chain before the certificate',
      fixture('ec.key') + fixture('intermediate.crt') + fixture('ec.crt'),
      /before its chain/,
    ],
  ])('400: %s (%s); the one before stays', async (message, _what, pem, details) => {
    await put(id(1), ec);
    const answer = await put(id(1), pem);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ message, details: expect.stringMatching(details) });
    expect(answer.text).not.toContain('PRIVATE KEY');
    expect(readFileSync(stored(id(1)), 'utf8')).toBe(ec);
  });

  it('400: Invalid request, for a listener that is no UUID', async () => {
    const answer = await put('nonsense', ec);
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message: 'Invalid request', details: 'listener: expected a UUID, got "nonsense"' },
    ]);
  });

  it('409: above 4,096 files', async () => {
    mkdirSync(directoryOf(id(3)), { recursive: true });
    for (let n = 0; n < 4_096; n += 1) writeFileSync(stored(id(3), `${n}.pem`), '');
    const answer = await put(id(3), ec);
    expect([answer.status, answer.json()]).toEqual([
      409,
      { message: 'Too many certificates', details: 'a load balancer may have at most 4096 files' },
    ]);
  });

  it('413: a body above the limit', async () => {
    expect((await put(id(1), 'x'.repeat(4 * 1024 * 1024 + 1))).status).toBe(413);
  });
});

describe.each(['PUT', 'GET', 'DELETE'])('%s /v0.1/listeners/:listener/certificates/:name.pem', (method) => {
  it.each([
    ...['a.crt', '.pem', '.a.pem', '..%2fa.pem', 'a%20b.pem', '*.example.com.pem', 'a.pem%00', 'haproxy'],
    `${'x'.repeat(252)}.pem`,
  ])('400: Filename has wrong format (%s)', async (file) => {
    const answer = await amphora.client.call(method, pathOf(id(1), file), { body: '' });
    expect([answer.status, answer.json()]).toEqual([400, { message: 'Filename has wrong format' }]);
  });

  it('409: a directory that is a link is not followed', async () => {
    const elsewhere = join(amphora.directory, 'elsewhere');
    mkdirSync(elsewhere, { recursive: true });
    writeFileSync(join(elsewhere, name), ec);
    if (!existsSync(directoryOf(id(2)))) symlinkSync(elsewhere, directoryOf(id(2)));
    const answer = await amphora.client.call(method, pathOf(id(2)), { body: method === 'PUT' ? ec : '' });
    expect([answer.status, (answer.json() as { message: string }).message]).toEqual([
      409,
      'The certificate directory is not a directory',
    ]);
    expect(readdirSync(elsewhere)).toEqual([name]);
  });
});

describe('GET /v0.1/listeners/:listener/certificates/:name.pem', () => {
  it('200: the MD5 of the bytes, and nothing else', async () => {
    await put(id(1), ec);
    const answer = await amphora.client.get(pathOf(id(1)));
    expect([answer.status, answer.json()]).toEqual([200, { md5sum: md5(ec) }]);
  });
});

describe.each(['GET', 'DELETE'])('%s /v0.1/listeners/:listener/certificates/:name.pem', (method) => {
  it('404: Listener Not Found', async () => {
    const answer = await amphora.client.call(method, pathOf(unknown));
    expect([answer.status, answer.json()]).toEqual([404, listenerNotFound(unknown)]);
  });

  it('404: Certificate Not Found, when there are others and when the listener has none', async () => {
    await put(id(1), ec);
    const beside = await amphora.client.call(method, pathOf(id(1), 'other.pem'));
    expect([beside.status, beside.json()]).toEqual([404, certificateNotFound('other.pem')]);
    expect((await upload(id(8), listenerConfig({ port: await freePort() }))).status).toBe(201);
    const none = await amphora.client.call(method, pathOf(id(8)));
    expect([none.status, none.json()]).toEqual([404, certificateNotFound()]);
  });

  it('404: a planted link is no certificate, and its target is left alone', async () => {
    await put(id(1), ec);
    const target = join(amphora.directory, 'target.pem');
    writeFileSync(target, 'secret');
    if (!existsSync(stored(id(1), 'link.pem'))) symlinkSync(target, stored(id(1), 'link.pem'));
    const answer = await amphora.client.call(method, pathOf(id(1), 'link.pem'));
    expect([answer.status, answer.json()]).toEqual([404, certificateNotFound('link.pem')]);
    expect((await put(id(1), ec, 'link.pem')).status).toBe(201);
    expect(readFileSync(target, 'utf8')).toBe('secret');
    expect((await amphora.client.delete(pathOf(id(1), 'link.pem'))).status).toBe(200);
  });
});

describe('DELETE /v0.1/listeners/:listener/certificates/:name.pem', () => {
  it('200 OK: the file goes, and with the last one the directory', async () => {
    await put(id(4), ec);
    await put(id(4), ec, 'other.pem');
    const first = await amphora.client.delete(pathOf(id(4)));
    expect([first.status, first.json()]).toEqual([200, ok]);
    expect(readdirSync(directoryOf(id(4)))).toEqual(['other.pem']);
    expect((await amphora.client.delete(pathOf(id(4), 'other.pem'))).status).toBe(200);
    expect(existsSync(directoryOf(id(4)))).toBe(false);
    const again = await amphora.client.delete(pathOf(id(4), 'other.pem'));
    expect([again.status, again.json()]).toEqual([404, listenerNotFound(id(4))]);
  });
});

describe('a TLS listener', () => {
  const tlsConfig = (listener: string, port: number): string =>
    listenerConfig({ port, backends: [backend] }).replace(
      `bind 127.0.0.1:${port}`,
      `bind 127.0.0.1:${port} ssl crt ${stored(listener)}`,
    );

  async function started(listener: string, pem: string): Promise<number> {
    const port = await freePort();
    expect((await put(listener, pem)).status).toBe(201);
    expect((await upload(listener, tlsConfig(listener, port))).status).toBe(201);
    expect((await action(listener, 'start')).status).toBe(202);
    return port;
  }

  it('serves with an RSA certificate that clients verify, and is of type TERMINATED_HTTPS', async () => {
    const server = await makeServer(amphora.pki.ca);
    const port = await started(id(5), server.bundlePem);
    const answer = await fetchOverTls(port, amphora.pki.ca.certificatePem);
    expect(answer).toEqual({ text: 'one', serial: serialOf(server.certificatePem), authorized: true });
    expect((await amphora.client.get('/v0.1/listeners')).json()).toContainEqual({
      status: 'ACTIVE',
      uuid: id(5),
      type: 'TERMINATED_HTTPS',
    });
  });

  it.each([
    ['the key first', ec],
    ['the key last', fixture('ec.crt') + fixture('intermediate.crt') + fixture('ec.key')],
    ['the key in PKCS#8', fixture('ec.crt') + fixture('ec-pkcs8.key')],
  ])('serves with an EC certificate, %s', async (_what, pem) => {
    const port = await started(id(6), pem);
    expect(await fetchOverTls(port)).toMatchObject({ text: 'one', serial: serialOf(fixture('ec.crt')) });
    expect((await amphora.client.delete(`/v0.1/listeners/${id(6)}`)).status).toBe(200);
  });

  it('shows new connections a certificate replaced under its name after a reload, the configuration unchanged', async () => {
    const [first, second] = await Promise.all([makeServer(amphora.pki.ca), makeServer(amphora.pki.ca)]);
    const port = await started(id(7), first.bundlePem);
    expect((await put(id(7), second.bundlePem)).status).toBe(201);
    expect((await fetchOverTls(port)).serial).toBe(serialOf(first.certificatePem));
    const reload = await action(id(7), 'reload');
    expect([reload.status, reload.json()]).toEqual([
      202,
      { message: 'OK', details: `Listener ${id(7)} reloaded` },
    ]);
    expect(await fetchOverTls(port, amphora.pki.ca.certificatePem)).toEqual({
      text: 'one',
      serial: serialOf(second.certificatePem),
      authorized: true,
    });
  });

  it('400: a configuration that names a certificate before it is put', async () => {
    const answer = await upload(id(6), tlsConfig(id(6), await freePort()));
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(name);
  });

  it('goes with its certificates when the listener is deleted', async () => {
    await started(id(6), ec);
    expect((await amphora.client.delete(`/v0.1/listeners/${id(6)}`)).status).toBe(200);
    expect(existsSync(directoryOf(id(6)))).toBe(false);
    const answer = await amphora.client.get(pathOf(id(6)));
    expect([answer.status, answer.json()]).toEqual([404, listenerNotFound(id(6))]);
  });
});

interface TlsAnswer {
  readonly text: string;
  readonly serial: string;
  readonly authorized: boolean;
}

/** GETs over a new connection; without a CA the certificate is looked at, not verified. */
function fetchOverTls(port: number, ca?: string): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const request = get(
      {
        host: '127.0.0.1',
        port,
        agent: new Agent({ keepAlive: false, maxCachedSessions: 0 }),
        ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
      },
      (response) => {
        const { socket } = response;
        if (!(socket instanceof TLSSocket)) throw new Error('no TLS');
        const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
        const { authorized } = socket;
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
        response.once('error', reject);
        response.once('end', () => resolve({ text, serial, authorized }));
      },
    );
    request.once('error', reject);
  });
}
