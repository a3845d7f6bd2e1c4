import { describe, expect, it } from '@jest/globals';
import { readCaBundle } from '../../../agent/pki/ca';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const root = fixture('root.crt');
const otherRoot = fixture('other-ca.crt');

const refused = (detail: string) =>
  expect.objectContaining({
    kind: 'invalid-input',
    message: 'No CA certificate found',
    detail: expect.stringContaining(detail),
  });

describe('reading the authorities of clients', () => {
  it('gives all of them, RSA and EC, with words between', () => {
    const found = readCaBundle(`# first\n${root}# second\r\n${otherRoot}`);
    expect(found.map(({ subject }) => subject)).toEqual(['CN=Fixture RSA root', 'CN=Fixture EC root']);
    expect(readCaBundle(Buffer.from(root))).toHaveLength(1);
  });

  it('holds a whole distribution', () => {
    expect(readCaBundle(root.repeat(300))).toHaveLength(300);
  });

  it.each([
    ['nothing', '', 'expected one or more PEM blocks of kind CERTIFICATE'],
    ['a key', fixture('ec.key'), 'expected one or more PEM blocks'],
    ['a server certificate', root + fixture('ec.crt'), 'CA:TRUE), got CN=www.example.com'],
    ['a list cut off at its end', root + otherRoot.slice(0, -10), 'has no end line'],
    ['more than a thousand', root.repeat(1001), 'at most 1000 certificates, got 1001'],
  ])('says what was expected instead of %s', (_what, pem, detail) => {
    expect(() => readCaBundle(pem)).toThrow(refused(detail));
  });
});
