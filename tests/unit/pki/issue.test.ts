import { X509Certificate, createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readBundle } from '../../../agent/pki/bundle';
import { readCaBundle } from '../../../agent/pki/ca';
import { describeCertificate } from '../../../agent/pki/inspect';
import { issueCa, issueClient, issueSelfSignedClient, issueServer } from '../../../agent/pki/issue';
import type { CertificateAuthority } from '../../../agent/pki/issue';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const now = Date.UTC(2026, 0, 15);
const dayMs = 86_400_000;
const amphoraId = '6e1a3c52-58f0-4c5b-a9ee-7d0f3e1c2b4a';
const read = (pem: string): X509Certificate => new X509Certificate(pem);
const describePem = (pem: string) => describeCertificate(read(pem));

let ca: CertificateAuthority;

beforeAll(async () => {
  ca = await issueCa({ commonName: 'Test CA', now, days: 30 });
});

describe('issuing an authority', () => {
  it('makes a root that signs itself and may be trusted', () => {
    const [root] = readCaBundle(ca.certificatePem);
    expect(root?.verify(root.publicKey)).toBe(true);
    expect(root?.checkIssued(root)).toBe(true);
    expect(root?.checkPrivateKey(createPrivateKey(ca.keyPem))).toBe(true);
    expect(ca.chainPem).toBe('');
  });

  it('makes an intermediate whose certificates carry it along', async () => {
    const middle = await issueCa({ commonName: 'Zwischenstelle Ä', issuer: ca, now, days: 30 });
    const { bundlePem } = await issueServer(middle, { amphoraId, now, days: 30 });
    const { certificate, chain } = readBundle(bundlePem);
    expect(chain.map(({ subject }) => subject)).toEqual(['CN=Zwischenstelle Ä']);
    expect(certificate.issuer).toBe('CN=Zwischenstelle Ä');
    expect(certificate.checkIssued(read(middle.certificatePem))).toBe(true);
    expect(certificate.verify(read(middle.certificatePem).publicKey)).toBe(true);
    expect(read(middle.certificatePem).verify(read(ca.certificatePem).publicKey)).toBe(true);
  });
});

describe('issuing a server certificate', () => {
  it('names the amphora in CN and alternative names, beside what was asked for', async () => {
    const names = ['localhost', '127.0.0.1', '0:0:0:0:0:0:0:1', '*.example.com', 'localhost'];
    const { certificatePem, bundlePem, keyPem } = await issueServer(ca, { amphoraId, names, now, days: 30 });
    const certificate = read(certificatePem);
    expect(describeCertificate(certificate)).toMatchObject({
      commonName: amphoraId,
      issuer: 'CN=Test CA',
      dnsNames: [amphoraId, 'localhost', '*.example.com'],
      ipAddresses: ['127.0.0.1', '::1'],
      extendedKeyUsage: ['serverAuth'],
      isCa: false,
      notAfter: now + 30 * dayMs,
    });
    expect(certificate.checkHost(amphoraId)).toBe(amphoraId);
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.checkIssued(read(ca.certificatePem))).toBe(true);
    expect(certificate.verify(read(ca.certificatePem).publicKey)).toBe(true);
    expect(bundlePem).toBe(keyPem + certificatePem);
    expect(readBundle(bundlePem).keyType).toBe('rsa');
  });

  it('is valid already for a clock that is a little behind', async () => {
    const { certificatePem } = await issueServer(ca, { amphoraId, now, days: 1 });
    expect(describePem(certificatePem).notBefore).toBeLessThan(now - 60_000);
  });

  it('takes any dates and usages', async () => {
    const { certificatePem } = await issueServer(ca, {
      amphoraId,
      now,
      days: 1,
      notBefore: now - 2 * dayMs,
      notAfter: new Date(now - dayMs),
      usages: ['clientAuth', 'codeSigning'],
    });
    expect(describePem(certificatePem)).toMatchObject({
      notBefore: now - 2 * dayMs,
      notAfter: now - dayMs,
      extendedKeyUsage: ['clientAuth', 'codeSigning'],
    });
  });

  it('writes dates beyond 2049', async () => {
    const { certificatePem } = await issueServer(ca, { amphoraId, now, days: 36_500 });
    expect(describePem(certificatePem).notAfter).toBe(now + 36_500 * dayMs);
  });
});

describe('issuing a client certificate', () => {
  it('is for clients only', async () => {
    const { certificatePem } = await issueClient(ca, {
      commonName: 'controller',
      names: ['c.example'],
      now,
      days: 1,
    });
    expect(describePem(certificatePem)).toMatchObject({
      commonName: 'controller',
      dnsNames: ['c.example'],
      extendedKeyUsage: ['clientAuth'],
      isCa: false,
    });
    expect(read(certificatePem).verify(read(ca.certificatePem).publicKey)).toBe(true);
  });

  it('can go without usages', async () => {
    const { certificatePem } = await issueClient(ca, { commonName: 'controller', usages: [], now, days: 1 });
    expect(describePem(certificatePem).extendedKeyUsage).toBeUndefined();
  });

  it('can be signed by nobody but itself', async () => {
    const { certificatePem } = await issueSelfSignedClient({ commonName: 'stranger', now, days: 1 });
    const certificate = read(certificatePem);
    expect(certificate.issuer).toBe('CN=stranger');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.verify(read(ca.certificatePem).publicKey)).toBe(false);
  });
});

describe('issuing at all', () => {
  it('gives every certificate a positive serial of 16 bytes and its own', async () => {
    const issued = await Promise.all([1, 2, 3].map(() => issueClient(ca, { commonName: 'c', now, days: 1 })));
    const serials = issued.map(({ certificatePem }) => describePem(certificatePem).serial);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Set(serials).size).toBe(3);
  });

  it.each([
    ['no days', { amphoraId, days: 0 }],
    ['part of a day', { amphoraId, days: 0.5 }],
    ['more days than dates', { amphoraId, days: 36_501 }],
    ['an empty name', { amphoraId: '', days: 1 }],
    ['a name with blanks', { amphoraId, names: ['a b'], days: 1 }],
    ['half an address', { amphoraId, names: ['127.0.0'], days: 1 }],
    ['an address with a zone', { amphoraId, names: ['fe80::1%eth0'], days: 1 }],
  ])('refuses %s', async (_what, options) => {
    await expect(issueServer(ca, { now, ...options })).rejects.toMatchObject({ kind: 'invalid-input' });
  });

  it('says that it cannot sign with an EC key', async () => {
    const other = { keyPem: fixture('ec.key'), certificatePem: fixture('other-ca.crt'), chainPem: '' };
    await expect(issueClient(other, { commonName: 'c', now, days: 1 })).rejects.toMatchObject({
      kind: 'unsupported',
    });
  });
});
