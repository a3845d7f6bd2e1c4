import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { describeCertificate, isWithinDates, primaryCommonName } from '../../../agent/pki/inspect';
import { issueCa, issueSelfSignedClient } from '../../../agent/pki/issue';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const read = (name: string): X509Certificate => new X509Certificate(fixture(name));
const now = Date.UTC(2026, 0, 15);

describe('describing a certificate', () => {
  it('reads an EC server certificate', () => {
    const certificate = read('ec.crt');
    expect(describeCertificate(certificate)).toEqual({
      subject: 'CN=www.example.com',
      commonName: 'www.example.com',
      issuer: 'CN=Fixture RSA intermediate',
      serial: expect.stringMatching(/^[0-9A-F]+$/),
      notBefore: Date.UTC(2020, 0, 1),
      notAfter: Date.UTC(2120, 0, 1),
      dnsNames: ['www.example.com', '*.example.com'],
      ipAddresses: ['192.0.2.1', '2001:db8::1'],
      extendedKeyUsage: ['serverAuth'],
      fingerprint256: certificate.fingerprint256,
      isCa: false,
    });
  });

  it('reads an RSA authority', () => {
    expect(describeCertificate(read('root.crt'))).toMatchObject({
      isCa: true,
      extendedKeyUsage: undefined,
      dnsNames: [],
      ipAddresses: [],
    });
  });

  it('is not deceived by commas and foreign names', () => {
    expect(describeCertificate(read('ec-odd-names.crt'))).toMatchObject({
      subject: 'O=Löwe\\, Söhne, CN=first\\, of two, CN=second',
      commonName: 'first, of two',
      dnsNames: ['last.example.com'],
      ipAddresses: [],
      extendedKeyUsage: ['clientAuth', 'anyExtendedKeyUsage', '1.3.6.1.4.1.99999.1'],
    });
  });

  it('shows a subject without a common name', () => {
    expect(describeCertificate(read('ec-nameless.crt'))).toMatchObject({
      subject: 'O=Nameless',
      commonName: undefined,
    });
  });

  it('keeps control characters in a name from passing for another name', async () => {
    const commonName = 'admin\0.example.com\nCN=root';
    const { certificatePem } = await issueSelfSignedClient({ commonName, now, days: 1 });
    const certificate = new X509Certificate(certificatePem);
    expect(primaryCommonName(certificate)).toBe(commonName);
    expect(describeCertificate(certificate).subject).toBe('CN=admin\\00.example.com\\0ACN=root');
  });

  it('reads names beyond ASCII', async () => {
    const { certificatePem } = await issueCa({ commonName: 'Zoë 山', now, days: 1 });
    expect(primaryCommonName(new X509Certificate(certificatePem))).toBe('Zoë 山');
  });

  it('tells whether a moment lies within the dates', () => {
    const expired = read('ec-expired.crt');
    const moments = [
      Date.UTC(2019, 11, 31),
      Date.UTC(2020, 0, 1),
      Date.UTC(2020, 6, 1),
      Date.UTC(2021, 0, 1),
    ];
    expect(moments.map((moment) => isWithinDates(expired, moment))).toEqual([false, true, true, false]);
  });
});
