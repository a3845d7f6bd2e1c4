// A throw-away PKI with P-256 keys: a certificate costs a fraction of a millisecond, where RSA keys by the hundred
// would cost minutes (docs/test-harness.md). Node signs, the DER around it is ours. Profile: RFC 5280, 4.1, 4.2.1.

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { KeyPair, ThrowAwayPki } from './certificates';
import { der, objectId } from './der-writer';

interface Authority {
  readonly commonName: string;
  readonly key: KeyObject;
  readonly keyId: Buffer;
}

interface Wanted {
  readonly commonName: string;
  readonly extensions: readonly Buffer[];
  /** Undefined: signed with its own key. */
  readonly issuer: Authority | undefined;
}

const sequence = 0x30;
const set = 0x31;
const octets = 0x04;
const bits = 0x03;
const utf8 = 0x0c;
const generalizedTime = 0x18;
const dayMs = 86_400_000;
const validDays = 30;

const ecdsaWithSha256 = der(sequence, objectId('2a8648ce3d040302'));
const serverAuth = objectId('2b06010505070301');
const clientAuth = objectId('2b06010505070302');
const digitalSignature = Buffer.from([7, 0x80]);
const certificateAndCrlSign = Buffer.from([1, 0x06]);

/** Makes an authority and a client of it; valid for 30 days, and kept nowhere. */
export function makePki(): ThrowAwayPki {
  const own = issue({
    commonName: 'amphorad test CA',
    extensions: [
      extension('551d13', true, der(sequence, der(0x01, Buffer.from([0xff])))),
      extension('551d0f', true, der(bits, certificateAndCrlSign)),
    ],
    issuer: undefined,
  });
  const { authority } = own;
  const leaf = (commonName: string, usage: Buffer, names: readonly Buffer[]): KeyPair =>
    issue({ commonName, extensions: leafExtensions(usage, names), issuer: authority }).pair;
  const issueClient = (commonName: string): KeyPair => leaf(commonName, clientAuth, []);
  return {
    ca: own.pair,
    client: issueClient('controller'),
    issueClient,
    issueServer: (amphoraId) =>
      leaf(amphoraId, serverAuth, [
        dnsName(amphoraId),
        dnsName('localhost'),
        der(0x87, Buffer.from([127, 0, 0, 1])),
      ]),
  };
}

function issue({ commonName, extensions, issuer }: Wanted): {
  readonly pair: KeyPair;
  readonly authority: Authority;
} {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha1').update(spki).digest();
  const authority = { commonName, key: privateKey, keyId };
  const by = issuer ?? authority;
  const body = der(
    sequence,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial()),
    ecdsaWithSha256,
    nameOf(by.commonName),
    validity(Date.now()),
    nameOf(commonName),
    spki,
    der(
      0xa3,
      der(
        sequence,
        ...extensions,
        extension('551d0e', false, der(octets, keyId)),
        extension('551d23', false, der(sequence, der(0x80, by.keyId))),
      ),
    ),
  );
  const signature = der(bits, Buffer.from([0]), sign('sha256', body, by.key));
  const certificatePem = pemOf(der(sequence, body, ecdsaWithSha256, signature));
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { pair: { keyPem, certificatePem }, authority };
}

function leafExtensions(usage: Buffer, names: readonly Buffer[]): readonly Buffer[] {
  return [
    extension('551d13', true, der(sequence)),
    extension('551d0f', true, der(bits, digitalSignature)),
    extension('551d25', false, der(sequence, usage)),
    ...(names.length === 0 ? [] : [extension('551d11', false, der(sequence, ...names))]),
  ];
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : [];
  return der(sequence, objectId(id), ...critical, der(octets, value));
}

function dnsName(name: string): Buffer {
  return der(0x82, Buffer.from(name, 'ascii'));
}

function nameOf(commonName: string): Buffer {
  const text = der(utf8, Buffer.from(commonName, 'utf8'));
  return der(sequence, der(set, der(sequence, objectId('550403'), text)));
}

/** 16 bytes, positive and without a leading zero. */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes;
}

// Dates before 2050 must be UTCTime (RFC 5280, 4.1.2.5), which is GeneralizedTime without the century.
function validity(now: number): Buffer {
  const timeOf = (ms: number): Buffer => {
    const text = `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
    return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(generalizedTime, Buffer.from(text));
  };
  return der(sequence, timeOf(now - dayMs), timeOf(now + validDays * dayMs));
}

function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
