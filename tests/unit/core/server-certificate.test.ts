// The agent's own certificate: what is put into service, what lands on disk, and what stays when that fails.

import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createClientTrustFiles } from '../../../agent/core/client-trust';
import { createServerCertificate, type ServerIdentity } from '../../../agent/core/server-certificate';
import { AgentError, invalidInput } from '../../../agent/model/errors';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const old = fixture('ec.key') + fixture('ec.crt') + fixture('intermediate.crt');
const fresh = fixture('ed25519.crt') + fixture('ed25519.key');
const serverPath = '/certs/server.pem';
const clientCaPath = '/certs/client_ca.pem';
const now = Date.UTC(2026, 0, 15);

const setUp = (initial: Record<string, string> = {}) => {
  const files = createMemoryFiles({
    [serverPath]: old,
    [clientCaPath]: `# clients\n${fixture('root.crt')}`,
    ...initial,
  });
  const clock = createHandClock(now);
  const log = createRecordedLog();
  const served: ServerIdentity[] = [];
  const refusal = { error: undefined as AgentError | undefined };
  const trust = createClientTrustFiles({ files, log, clientCaPath, crlPath: undefined });
  const certificate = createServerCertificate({
    files,
    clock,
    log,
    serverPath,
    readTrust: (before) => trust.read(before),
    swap: (identity) => {
      if (refusal.error !== undefined) throw refusal.error;
      served.push(identity);
    },
  });
  return { files, clock, log, served, refusal, certificate };
};
const subjectOf = (identity: ServerIdentity | undefined): string =>
  new X509Certificate(identity?.certificates ?? '').subject;
const oldSubject = 'CN=www.example.com';
const freshSubject = new X509Certificate(fixture('ed25519.crt')).subject;

describe('loading', () => {
  it('gives key, chain and the authorities of clients', async () => {
    const identity = await setUp().certificate.load();
    expect(subjectOf(identity)).toBe(oldSubject);
    expect(identity.certificates.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(identity.key).toContain('PRIVATE KEY');
    expect(new X509Certificate(identity.clientCa).ca).toBe(true);
    expect(identity.clientCa).not.toContain('# clients');
  });

  it.each([
    ['agent_server_cert', serverPath],
    ['agent_server_ca', clientCaPath],
  ])('names the key and the file when that of %s is missing', async (key, path) => {
    const { files, certificate } = setUp();
    await files.remove(path);
    await expect(certificate.load()).rejects.toMatchObject({
      kind: 'invalid-input',
      message: `${key}: there is no file ${path}`,
    });
  });

  it.each([
    [
      'no bundle',
      { [serverPath]: 'garbage' },
      /^agent_server_cert: \/certs\/server\.pem: No certificate found/,
    ],
    [
      'expired',
      { [serverPath]: fixture('ec.key') + fixture('ec-expired.crt') },
      /^agent_server_cert: \/certs\/server\.pem: Certificate is expired/,
    ],
    [
      'no authority',
      { [clientCaPath]: fixture('ec.crt') },
      /^agent_server_ca: \/certs\/client_ca\.pem: No CA/,
    ],
  ])('names the key, the file and what is wrong when it is %s', async (_what, initial, message) => {
    await expect(setUp(initial).certificate.load()).rejects.toMatchObject({
      kind: 'invalid-input',
      message: expect.stringMatching(message),
      detail: expect.any(String),
    });
  });
});

describe('a rotation', () => {
  it('serves the new certificate at once and keeps its very bytes, privately', async () => {
    const { files, log, served, certificate } = setUp();
    await certificate.rotate(Buffer.from(fresh));
    expect(served.map(subjectOf)).toEqual([freshSubject]);
    expect(files.snapshot()[serverPath]).toBe(fresh);
    expect((await files.stat(serverPath))?.mode).toBe(0o600);
    expect(JSON.stringify(log.entries)).not.toContain('PRIVATE KEY');
    expect(log.messages('info')).toEqual(['server certificate replaced']);
  });

  it.each([
    ['without certificate', fixture('ec.key'), 'No certificate found'],
    ['without key', fixture('ec.crt'), 'No RSA key found'],
    ['of two halves', fixture('ed25519.key') + fixture('ec.crt'), 'Certificate and key do not match'],
    [
      'that has expired',
      fixture('ec.key') + fixture('ec-expired.crt'),
      'Certificate is expired or not yet valid',
    ],
  ])('to a bundle %s is refused, and the old one stays', async (_what, pem, message) => {
    const { files, served, certificate } = setUp();
    await expect(certificate.rotate(Buffer.from(pem))).rejects.toMatchObject({
      kind: 'invalid-input',
      message,
    });
    expect(served).toEqual([]);
    expect(files.snapshot()[serverPath]).toBe(old);
  });

  it('that TLS refuses leaves the old one on disk', async () => {
    const { files, refusal, certificate } = setUp();
    refusal.error = invalidInput('ca md too weak');
    await expect(certificate.rotate(Buffer.from(fresh))).rejects.toBe(refusal.error);
    expect(files.snapshot()[serverPath]).toBe(old);
  });

  it('that does not fit on the disk puts the old one back into service', async () => {
    const { files, log, served, certificate } = setUp();
    files.failNext('writeAtomic', new AgentError('no-space', 'No space left on the disk'));
    await expect(certificate.rotate(Buffer.from(fresh))).rejects.toMatchObject({ kind: 'no-space' });
    expect(served.map(subjectOf)).toEqual([freshSubject, oldSubject]);
    expect(files.snapshot()[serverPath]).toBe(old);
    expect(log.messages()).toEqual([]);
  });

  it('works although the old file is broken', async () => {
    const { files, served, certificate } = setUp({ [serverPath]: 'garbage' });
    files.failNext('writeAtomic', new AgentError('no-space', 'No space left on the disk'));
    await expect(certificate.rotate(Buffer.from(fresh))).rejects.toMatchObject({ kind: 'no-space' });
    await certificate.rotate(Buffer.from(fresh));
    expect(served.map(subjectOf)).toEqual([freshSubject, freshSubject]);
  });

  it('without the authorities of clients is refused', async () => {
    const { files, served, certificate } = setUp();
    await files.remove(clientCaPath);
    await expect(certificate.rotate(Buffer.from(fresh))).rejects.toMatchObject({
      message: `agent_server_ca: there is no file ${clientCaPath}`,
    });
    expect([served, files.snapshot()[serverPath]]).toEqual([[], old]);
  });

  it('goes on with the authorities in force when their file is gone meanwhile', async () => {
    const { files, served, certificate } = setUp();
    const { clientCa } = await certificate.load();
    await files.remove(clientCaPath);
    await certificate.rotate(Buffer.from(fresh));
    expect(served.map((identity) => [subjectOf(identity), identity.clientCa])).toEqual([
      [freshSubject, clientCa],
    ]);
  });

  it('waits for the one before it: the last one wins, in service and on disk', async () => {
    const { files, served, certificate } = setUp();
    await Promise.all([certificate.rotate(Buffer.from(fresh)), certificate.rotate(Buffer.from(old))]);
    expect(served.map(subjectOf)).toEqual([freshSubject, oldSubject]);
    expect(files.snapshot()[serverPath]).toBe(old);
  });
});

describe('reading again', () => {
  it('puts what lies there now into service', async () => {
    const { files, served, certificate } = setUp();
    files.plant(serverPath, fresh);
    files.plant(clientCaPath, fixture('other-ca.crt'));
    await certificate.reread();
    expect(served.map(subjectOf)).toEqual([freshSubject]);
    expect(new X509Certificate(served[0]?.clientCa ?? '').subject).toBe('CN=Fixture EC root');
  });

  it('of what cannot be used leaves the ones before in force', async () => {
    const { files, served, certificate } = setUp();
    files.plant(clientCaPath, 'garbage');
    await expect(certificate.reread()).rejects.toMatchObject({ kind: 'invalid-input' });
    expect(served).toEqual([]);
  });

  it('puts new authorities into service although the bundle is broken, which it says', async () => {
    const { files, served, certificate } = setUp();
    await certificate.load();
    files.plant(serverPath, 'garbage');
    files.plant(clientCaPath, fixture('other-ca.crt'));
    await expect(certificate.reread()).rejects.toMatchObject({
      message: expect.stringContaining('agent_server_cert: /certs/server.pem'),
    });
    expect(served.map(subjectOf)).toEqual([oldSubject]);
    expect(new X509Certificate(served[0]?.clientCa ?? '').subject).toBe('CN=Fixture EC root');
  });

  it('puts a new bundle into service although the authorities are garbage, with those before', async () => {
    const { files, log, served, certificate } = setUp();
    const { clientCa } = await certificate.load();
    files.plant(serverPath, fresh);
    files.plant(clientCaPath, 'garbage');
    await certificate.reread();
    expect(served.map((identity) => [subjectOf(identity), identity.clientCa])).toEqual([
      [freshSubject, clientCa],
    ]);
    expect(log.messages('error')).toHaveLength(1);
  });

  it('that TLS refuses leaves everything as it was', async () => {
    const { files, refusal, served, certificate } = setUp();
    const { clientCa } = await certificate.load();
    files.plant(clientCaPath, fixture('other-ca.crt'));
    refusal.error = invalidInput('ca md too weak');
    await expect(certificate.reread()).rejects.toBe(refusal.error);
    refusal.error = undefined;
    await certificate.rotate(Buffer.from(fresh));
    expect(served.map((identity) => identity.clientCa)).toEqual([clientCa]);
  });
});
