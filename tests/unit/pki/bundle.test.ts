import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import { certificateChainPem, checkServerBundle, readBundle } from '../../../agent/pki/bundle';
import { issueCa, issueServer } from '../../../agent/pki/issue';
import type { CertificateAuthority, Issued } from '../../../agent/pki/issue';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const now = Date.UTC(2026, 0, 15);
const ecKey = fixture('ec.key');
const ecCertificate = fixture('ec.crt');
const intermediate = fixture('intermediate.crt');

let ca: CertificateAuthority;
let rsa: Issued;

beforeAll(async () => {
  ca = await issueCa({ commonName: 'CA', now, days: 30 });
  rsa = await issueServer(ca, { amphoraId: 'amphora', now, days: 30 });
});

/** What the caller is told about a refused bundle: kind, message, detail. */
function refusal(pem: Uint8Array | string): readonly (string | undefined)[] {
  try {
    readBundle(pem);
  } catch (thrown) {
    if (thrown instanceof AgentError) return [thrown.kind, thrown.message, thrown.detail];
    throw thrown;
  }
  return ['accepted'];
}

const noCertificate = (detail: unknown) => ['invalid-input', 'No certificate found', detail];
const noKey = (detail: unknown) => ['invalid-input', 'No RSA key found', detail];
const mismatch = (detail: unknown) => ['invalid-input', 'Certificate and key do not match', detail];
const mentions = (words: string): unknown => expect.stringContaining(words);

describe('reading a bundle', () => {
  it('gives key, certificate and chain of an RSA bundle', () => {
    const bundle = readBundle(rsa.bundlePem + ca.certificatePem);
    expect(bundle.keyType).toBe('rsa');
    expect(bundle.keyPem).toBe(rsa.keyPem);
    expect(bundle.certificate.toString()).toBe(rsa.certificatePem);
    expect(bundle.chain.map((certificate) => certificate.subject)).toEqual(['CN=CA']);
    expect(bundle.isLeafFirst).toBe(true);
  });

  it('gives an EC bundle whose chain is RSA, from text or bytes', () => {
    const pem = ecKey + ecCertificate + intermediate;
    for (const input of [pem, Buffer.from(pem)]) {
      const bundle = readBundle(input);
      expect(bundle.keyType).toBe('ec');
      expect(bundle.certificate.subject).toBe('CN=www.example.com');
      expect(bundle.certificate.checkPrivateKey(bundle.key)).toBe(true);
      expect(bundle.chain.map((certificate) => certificate.subject)).toEqual(['CN=Fixture RSA intermediate']);
    }
  });

  it('finds the certificate of the key in any order, and says when haproxy would not', () => {
    const bundle = readBundle(intermediate + ecCertificate + ecKey);
    expect(bundle.certificate.subject).toBe('CN=www.example.com');
    expect(bundle.isLeafFirst).toBe(false);
    expect(certificateChainPem(bundle)).toBe(ecCertificate + intermediate);
  });

  it.each([
    ['a PKCS#8 key', fixture('ec-pkcs8.key') + ecCertificate],
    ['a trusted certificate', ecKey + fixture('ec-trusted.crt')],
    ['an X509 CERTIFICATE', ecKey + ecCertificate.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
    ['Windows line ends', (ecKey + ecCertificate).replaceAll('\n', '\r\n')],
    ['words between the blocks', `Bag Attributes\n  name: Zoë\n${ecKey}subject=x\n${ecCertificate}the end`],
    [
      'blocks of other kinds',
      `-----BEGIN DH PARAMETERS-----\n-----END DH PARAMETERS-----\n${ecKey}${ecCertificate}`,
    ],
    ['no line end at the end', (ecKey + ecCertificate).trimEnd()],
  ])('reads %s', (_what, pem) => expect(readBundle(pem).certificate.toString()).toBe(ecCertificate));

  it('reads the traditional RSA form', () => {
    const pkcs1 = readBundle(rsa.bundlePem).key.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(pkcs1).toContain('BEGIN RSA PRIVATE KEY');
    expect(readBundle(rsa.certificatePem + pkcs1).keyPem).toBe(rsa.keyPem);
  });

  it('reads Ed25519', () => {
    expect(readBundle(fixture('ed25519.key') + fixture('ed25519.crt')).keyType).toBe('ed25519');
  });
});

describe('refusing a bundle', () => {
  it.each([
    ['nothing', ''],
    ['NULs', '\0'.repeat(1000)],
    ['random bytes', randomBytes(4096)],
    ['a key alone', ecKey],
    ['DER', Buffer.from(ecCertificate.split('\n').slice(1, -2).join(''), 'base64')],
  ])('says first that there is no certificate: %s', (_what, pem) => {
    expect(refusal(pem)).toEqual(noCertificate('expected at least one PEM block of kind CERTIFICATE'));
  });

  it('names the line of a certificate that is cut off, also when another one is whole', () => {
    const cut = intermediate.slice(0, 300);
    expect(refusal(ecKey + ecCertificate + cut)).toEqual(noCertificate(mentions('has no end line')));
  });

  it('names the line of a certificate block with other things in it', () => {
    const junk = `-----BEGIN CERTIFICATE-----\n${randomBytes(300).toString('base64')}\n-----END CERTIFICATE-----\n`;
    expect(refusal(ecKey + junk)).toEqual(noCertificate(mentions('line 9 holds no X.509 certificate')));
    const half = ecCertificate.split('\n').toSpliced(3, 4).join('\n');
    expect(refusal(ecKey + half)).toEqual(noCertificate(mentions('holds no X.509 certificate')));
  });

  it('says how many certificates are too many', () => {
    expect(refusal(ecKey + ecCertificate.repeat(101))).toEqual(
      noCertificate('expected at most 100 certificates, got 101'),
    );
  });

  it('says second that there is no key', () => {
    expect(refusal(ecCertificate)).toEqual(
      noKey('expected a PEM block with an unencrypted RSA or EC private key'),
    );
  });

  it.each(['ec-encrypted-pkcs8.key', 'ec-encrypted-legacy.key'])(
    'counts an encrypted key as none: %s',
    (name) => {
      expect(refusal(fixture(name) + ecCertificate)).toEqual(
        noKey('the private key is encrypted; expected an unencrypted one'),
      );
    },
  );

  it('says why a key cannot be read', () => {
    expect(refusal(ecCertificate + ecKey.slice(0, -40))).toEqual(noKey(mentions('has no end line')));
    const junk = '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n';
    expect(refusal(junk + ecCertificate)).toEqual(noKey('the private key on line 1 cannot be read'));
    expect(refusal(junk.replaceAll('RSA', 'OPENSSH') + ecCertificate)).toEqual(noKey(mentions('line 1')));
    expect(refusal(fixture('x25519.key') + ecCertificate)).toEqual(
      noKey(mentions('type x25519 cannot serve')),
    );
  });

  it('finds a key whose secret half is damaged, though its public half is the certificate’s', () => {
    const jwk = createPrivateKey(rsa.keyPem).export({ format: 'jwk' });
    const { dp = '', dq = '' } = jwk;
    const damaged = createPrivateKey({ format: 'jwk', key: { ...jwk, d: dp, dp: dq, dq: dp } });
    expect(new X509Certificate(rsa.certificatePem).checkPrivateKey(damaged)).toBe(true);
    const text = damaged.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(refusal(text + rsa.certificatePem)).toEqual(mismatch(mentions('the key is damaged')));
  });

  it('says third that key and certificate do not match', () => {
    const detail = mentions('the public key of no certificate');
    expect(refusal(rsa.keyPem + ecCertificate)).toEqual(mismatch(detail));
    expect(refusal(ecKey + rsa.certificatePem + intermediate)).toEqual(mismatch(detail));
  });

  it('does not guess which of several keys is meant', () => {
    expect(refusal(rsa.keyPem + ecKey + ecCertificate)).toEqual(mismatch(mentions('got more: 2, 0 of them')));
    expect(refusal(fixture('ec-encrypted-pkcs8.key') + ecKey + ecCertificate)).toEqual(
      mismatch(mentions('got more: 2, 1 of them encrypted')),
    );
  });

  it('shows nothing of a key in what it throws', () => {
    const keyLines = ecKey.split('\n').filter((line) => line.length > 0 && !line.startsWith('-----'));
    const wrong = [ecKey.replace('MHc', 'MHd') + ecCertificate, ecKey + intermediate, ecKey];
    for (const pem of wrong) {
      let thrown: unknown;
      try {
        readBundle(pem);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(AgentError);
      const { message, detail, cause, stack } = thrown as AgentError;
      expect(cause).toBeUndefined();
      for (const line of keyLines) expect(`${message} ${detail ?? ''} ${stack ?? ''}`).not.toContain(line);
    }
  });
});

describe('checking the dates of a server bundle', () => {
  const expired = fixture('ec-expired.crt');

  it('accepts a certificate from its first moment to before its last', () => {
    const bundle = readBundle(ecKey + expired);
    expect(() => checkServerBundle(bundle, Date.UTC(2020, 0, 1))).not.toThrow();
    expect(() => checkServerBundle(bundle, Date.UTC(2021, 0, 1) - 1)).not.toThrow();
  });

  it.each([
    ['expired', Date.UTC(2021, 0, 1)],
    ['not yet valid', Date.UTC(2020, 0, 1) - 1],
  ])('names the dates of one that is %s', (_what, nowMs) => {
    const bundle = readBundle(ecKey + expired);
    expect(() => checkServerBundle(bundle, nowMs)).toThrow(
      expect.objectContaining({
        kind: 'invalid-input',
        message: 'Certificate is expired or not yet valid',
        detail: `valid from 2020-01-01T00:00:00.000Z to 2021-01-01T00:00:00.000Z, now ${new Date(nowMs).toISOString()}`,
      }),
    );
  });

  it('does not look at the chain, which may hold an old root', () => {
    const bundle = readBundle(ecKey + ecCertificate + expired);
    expect(() => checkServerBundle(bundle, now)).not.toThrow();
  });
});
