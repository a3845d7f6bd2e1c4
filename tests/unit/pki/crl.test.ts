// Revocation lists: what is read of good ones, why others are refused, and whose they are.

import { describe, expect, it } from '@jest/globals';
import { isIssuedBy, readRevocationList, readRevocationLists } from '../../../agent/pki/crl';
import { derCursor, derTag } from '../../../agent/pki/der';
import { rawFieldsOf } from '../../../agent/pki/raw-fields';
import { isAgentError } from '../../../agent/model/errors';
import { crlCertificate, crlFixture as fixture } from '../../fixtures/crl/fixture';
import { der, objectId } from '../../../agent/testing/der-writer';
import { pkiFixture } from '../../fixtures/pki/fixture';

const authority = (name: string) => {
  const certificate = crlCertificate(name);
  return { certificate, subject: rawFieldsOf(certificate).subject };
};
const serialOf = (name: string): string => rawFieldsOf(crlCertificate(name)).serial;
const derOf = (name: string): Buffer => Buffer.from(fixture(name).replace(/-----.*-----/g, ''), 'base64');
const refused = (detail: string) =>
  expect.objectContaining({ kind: 'invalid-input', detail: expect.stringContaining(detail) });

describe('a list', () => {
  it('tells issuer, dates and who is revoked, for good or on hold', () => {
    const [list] = readRevocationLists(fixture('intermediate.crl'));
    expect(list).toMatchObject({
      issuer: authority('intermediate').subject,
      issuerText: 'CN=CRL fixture intermediate',
      thisUpdateMs: Date.UTC(2026, 0, 1),
      nextUpdateMs: Date.UTC(2026, 1, 1),
      revoked: new Set([serialOf('revoked'), serialOf('held')]),
    });
  });

  it.each(['root', 'root-v1', 'root-sha384', 'intermediate'])('is its authority’s own: %s', (name) => {
    const [list] = readRevocationLists(fixture(`${name}.crl`));
    const owner = name === 'intermediate' ? name : 'root';
    expect(isIssuedBy(list!, authority(owner))).toBe(true);
    expect(isIssuedBy(list!, authority(owner === 'root' ? 'intermediate' : 'root'))).toBe(false);
  });

  it('is its authority’s after the CA certificate was renewed for the same key', () => {
    expect(isIssuedBy(readRevocationLists(fixture('root.crl'))[0]!, authority('root-expired'))).toBe(true);
  });

  it('is not that of another authority with the same name', () => {
    const [forged] = readRevocationLists(fixture('stranger.crl'));
    expect(forged?.issuer).toBe(authority('root').subject);
    expect([isIssuedBy(forged!, authority('root')), isIssuedBy(forged!, authority('stranger'))]).toEqual([
      false,
      true,
    ]);
  });

  it('is not that of an authority with the same key and another name', () => {
    const [list] = readRevocationLists(fixture('root.crl'));
    const { certificate } = authority('root');
    expect(isIssuedBy(list!, { certificate, subject: authority('intermediate').subject })).toBe(false);
  });

  it('is no one’s when a byte of it was changed', () => {
    const bytes = derOf('intermediate.crl');
    const at = bytes.indexOf(Buffer.from(serialOf('revoked'), 'hex'));
    bytes.writeUInt8(bytes.readUInt8(at + 5) ^ 1, at + 5);
    expect(isIssuedBy(readRevocationList(bytes), authority('intermediate'))).toBe(false);
  });

  it('comes back as the same PEM block, for OpenSSL', () => {
    expect(readRevocationLists(fixture('root.crl'))[0]?.pem).toBe(fixture('root.crl'));
  });
});

describe('a file', () => {
  it('holds several lists, with words and other blocks between them', () => {
    const lists = readRevocationLists(
      `# of the root\n${fixture('root.crl')}${fixture('root.crt')}\r\n${fixture('intermediate.crl')}`,
    );
    expect(lists.map(({ issuerText }) => issuerText)).toEqual([
      'CN=CRL fixture root',
      'CN=CRL fixture intermediate',
    ]);
  });

  it.each([
    ['nothing', '', 'expected one or more PEM blocks of kind X509 CRL'],
    ['a certificate', fixture('root.crt'), 'expected one or more PEM blocks of kind X509 CRL'],
    ['a list cut off', fixture('root.crl') + fixture('root.crl').slice(0, -10), 'has no end line'],
    ['more lists than anybody has', fixture('root.crl').repeat(101), 'at most 100 lists, got 101'],
    ['more text than anybody has', 'x'.repeat(33 * 1024 * 1024), 'at most 33554432 bytes'],
    ['a delta list', fixture('root-delta.crl'), 'is a delta list: expected a complete list'],
    ['a list of some certificates', fixture('root-partial.crl'), 'has an issuing distribution point'],
    [
      'what is unknown and critical',
      fixture('root-unknown.crl'),
      'unknown critical extension 1.3.6.1.4.1.99999.1',
    ],
    ['a weak signature', fixture('root-sha1.crl'), 'signature algorithm 1.2.840.113549.1.1.5: expected RSA'],
    ['a good list and a bad one', fixture('root.crl') + fixture('root-delta.crl'), 'the list on line'],
    [
      'a certificate that says it is a list',
      pkiFixture('root.crt').replaceAll('CERTIFICATE', 'X509 CRL'),
      'the list on line 1',
    ],
  ])('says what is wrong with %s', (_what, pem, detail) => {
    expect(() => readRevocationLists(pem)).toThrow(refused(detail));
  });
});

describe('a list made by hand', () => {
  const algorithm = der(0x30, objectId('2a864886f70d01010b'), der(0x05));
  const name = der(0x30, der(0x31, der(0x30, objectId('550403'), der(0x0c, Buffer.from('x')))));
  const time = (text: string): Buffer => der(0x17, Buffer.from(text));
  const version = der(0x02, Buffer.from([1]));
  const dates = [time('260101000000Z'), time('260201000000Z')];
  const list = (...parts: readonly Buffer[]): Buffer =>
    der(0x30, der(0x30, ...parts), algorithm, der(0x03, Buffer.from([0, 1, 2])));
  const extension = (oid: string, value: Buffer, isCritical = false): Buffer =>
    der(0x30, objectId(oid), ...(isCritical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
  const entry = (...extensions: readonly Buffer[]): Buffer =>
    der(
      0x30,
      der(0x02, Buffer.from([5])),
      time('260101000000Z'),
      ...(extensions.length > 0 ? [der(0x30, ...extensions)] : []),
    );
  const entries = (...values: readonly Buffer[]): Buffer => der(0x30, ...values);
  const reason = (code: number): Buffer => extension('551d15', der(0x0a, Buffer.from([code])));

  it('is read', () => {
    const read = readRevocationList(list(version, algorithm, name, ...dates, entries(entry(reason(1)))));
    expect(read.revoked).toEqual(new Set(['05']));
  });

  it.each([
    ['no date of the next one', [version, algorithm, name, dates[0]!], 'nextUpdate: missing'],
    ['no dates', [version, algorithm, name], 'thisUpdate: expected a time'],
    [
      'a version of the future',
      [der(0x02, Buffer.from([2])), algorithm, name, ...dates],
      'version: expected 1 or 2',
    ],
    [
      'another algorithm outside than inside',
      [version, der(0x30, objectId('2a864886f70d01010c'), der(0x05)), name, ...dates],
      'the signed one is another',
    ],
    [
      'extensions in version 1',
      [algorithm, name, ...dates, der(0xa0, der(0x30))],
      'extensions in a list of version 1',
    ],
    [
      'extensions of entries in version 1',
      [algorithm, name, ...dates, entries(entry(reason(1)))],
      'extensions in a list of version 1',
    ],
    [
      'an entry of another issuer',
      [version, algorithm, name, ...dates, entries(entry(extension('551d1d', der(0x30), true)))],
      'indirect list',
    ],
    [
      'an entry that takes another back',
      [version, algorithm, name, ...dates, entries(entry(reason(8)))],
      'removeFromCRL',
    ],
    [
      'an entry with something unknown and critical',
      [version, algorithm, name, ...dates, entries(entry(extension('2a03', der(0x05), true)))],
      'entry with an unknown critical extension 1.2.3',
    ],
    [
      'an extension twice',
      [version, algorithm, name, ...dates, entries(entry(reason(1), reason(1)))],
      'the extension 2.5.29.21 twice',
    ],
    [
      'a delta list that does not call itself critical',
      [
        version,
        algorithm,
        name,
        ...dates,
        der(0xa0, der(0x30, extension('551d1b', der(0x02, Buffer.from([1]))))),
      ],
      'is a delta list',
    ],
    [
      'an entry without a date',
      [version, algorithm, name, ...dates, entries(der(0x30, der(0x02, Buffer.from([5]))))],
      'revocation date',
    ],
    [
      'something behind it',
      [version, algorithm, name, ...dates, entries(), der(0x05)],
      'bytes more than expected',
    ],
  ])('with %s is refused', (_what, parts, detail) => {
    expect(() => readRevocationList(list(...parts))).toThrow(refused(detail));
  });

  it('with a signature that is no whole bytes is refused', () => {
    const odd = der(
      0x30,
      der(0x30, version, algorithm, name, ...dates),
      algorithm,
      der(0x03, Buffer.from([3, 8])),
    );
    expect(() => readRevocationList(odd)).toThrow(refused('signature: expected whole bytes'));
  });

  it('takes 100,000 entries', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => {
      const serial = Buffer.alloc(5, 1);
      serial.writeUInt32BE(index, 1);
      return der(0x30, der(0x02, serial), dates[0]!);
    });
    expect(
      readRevocationList(list(version, algorithm, name, ...dates, der(0x30, Buffer.concat(many)))).revoked
        .size,
    ).toBe(100_000);
  });
});

describe('damage', () => {
  it.each(['root', 'intermediate'])(
    'of any byte of %s.crl is refused, or read as another list: nothing else',
    (name) => {
      const whole = derOf(`${name}.crl`);
      for (let at = 0; at < whole.length; at += 1) {
        for (const flip of [0x01, 0x80, 0xff]) {
          const damaged = Buffer.from(whole);
          damaged.writeUInt8(damaged.readUInt8(at) ^ flip, at);
          expect(outcomeOf(damaged, authority(name))).not.toBe('unexpected');
        }
        expect(outcomeOf(whole.subarray(0, at), authority(name))).toBe('refused');
      }
    },
  );

  function outcomeOf(bytes: Buffer, owner: ReturnType<typeof authority>): string {
    try {
      return isIssuedBy(readRevocationList(bytes), owner) ? 'unexpected' : 'nobody’s';
    } catch (thrown) {
      return isAgentError(thrown, 'invalid-input') ? 'refused' : 'unexpected';
    }
  }
});

describe('the raw fields of a certificate', () => {
  it.each(['root', 'intermediate', 'client'])('are those that OpenSSL reads: %s', (name) => {
    const certificate = crlCertificate(name);
    const { serial, subject } = rawFieldsOf(certificate);
    expect(serial.replace(/^00/, '').toUpperCase()).toBe(certificate.serialNumber);
    const text = derCursor(Buffer.from(subject, 'hex'))
      .take(derTag.sequence, 'subject')
      .bytes.toString('latin1');
    expect(text).toContain(certificate.subject.replace('CN=', ''));
  });
});
