// PEM texts around real keys and certificates: in any order, damaged as text and as DER, mislabelled, by the thousand.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mutateBytes } from './mutate.mjs';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'pki');
const labels = [
  'CERTIFICATE',
  'PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'X509 CRL',
  'PUBLIC KEY',
  'EC PARAMETERS',
  'DH PARAMETERS',
  'TRUSTED CERTIFICATE',
  '',
  '-----',
  'X'.repeat(300),
];
const pairs = [
  ['ec.key', 'ec.crt'],
  ['rsa.key', 'rsa.crt'],
  ['ed25519.key', 'ed25519.crt'],
  ['ec-pkcs8.key', 'ec-odd-names.crt'],
  ['ec.key', 'rsa.crt'],
  ['rsa.key', 'ec.crt'],
  ['ec-encrypted-legacy.key', 'ec.crt'],
  ['x25519.key', 'ec.crt'],
  ['ec.key', 'ec-expired.crt'],
  ['ec.key', 'ec-nameless.crt'],
];

/** Reads the real keys and certificates by file name. */
export function readPems() {
  const names = readdirSync(fixtures).filter((name) => /\.(crt|key)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(fixtures, name), 'utf8')]));
}

/** Lists lines of key material that no error and no answer may hold. */
export function secretsOf(pems) {
  return [...pems]
    .filter(([name]) => name.endsWith('.key'))
    .flatMap(([, text]) => text.split('\n').filter((line) => line.length > 40 && !line.startsWith('-')));
}

/** Makes a PEM text, right or wrong, as bytes. */
export function hostilePem(random, pems) {
  const names = [...pems.keys()];
  const [key, certificate] = random.pick(pairs);
  const good = [
    pems.get(certificate),
    pems.get(key),
    pems.get(random.pick(['intermediate.crt', 'root.crt'])),
  ];
  const kinds = [
    () => good.join(''),
    () =>
      random
        .some(names, 8)
        .map((name) => pems.get(name))
        .join(''),
    () => good.map((pem) => (random.oneIn(3) ? pem : damagedDer(pem, random))).join(''),
    () => good.map((pem) => (random.oneIn(2) ? pem : relabelled(pem, random))).join(''),
    () =>
      good
        .map((pem) => rewrapped(pem, random))
        .join(random.pick(['', '\n', '\0', ' '.repeat(random.size(50_000)), '# text\r\n'])),
    () => pems.get(random.pick(names)).repeat(random.size(3_000)) + good.join(''),
    () => good.join('') + '-----BEGIN CERTIFICATE-----\n'.repeat(random.size(20_000)),
    () => encryptionHeader(good.join(''), random),
    () => block(random.pick(labels), derGarbage(random)) + good.join(''),
  ];
  const bytes = Buffer.from(random.pick(kinds)(), 'latin1');
  return random.oneIn(3) ? mutateBytes(bytes, random) : bytes;
}

function block(label, der) {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function damagedDer(pem, random) {
  return pem.replace(
    /-----BEGIN ([A-Z0-9 ]+)-----\n([^-]+)-----END [A-Z0-9 ]+-----\n/g,
    (_whole, label, body) => block(label, mutateBytes(Buffer.from(body, 'base64'), random, 3)),
  );
}

function relabelled(pem, random) {
  const label = random.pick(labels);
  const end = random.oneIn(4) ? random.pick(labels) : label;
  return pem.replace(/BEGIN [A-Z0-9 ]+-/g, `BEGIN ${label}-`).replace(/END [A-Z0-9 ]+-/g, `END ${end}-`);
}

function rewrapped(pem, random) {
  const width = random.pick([1, 3, 63, 65, 76, 100_000]);
  const end = random.pick(['\n', '\r\n', ' \n', '\t\n', '\r', '\n\n', '\x0b\n']);
  return pem.replace(/(-----\n)([^-]+)(\n-----)/g, (_whole, before, body, after) => {
    const lines = body.replaceAll('\n', '').match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
    return `${before}${lines.join(end)}${after}`;
  });
}

function encryptionHeader(pem, random) {
  const header = random.pick([
    'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n',
    'DEK-Info:\n',
    `X: ${'y'.repeat(random.size(9_000))}\n\n`,
    ':\n',
  ]);
  return pem.replaceAll(/(PRIVATE KEY-----\n)/g, (found, _all, at) =>
    pem.slice(at - 7, at).includes('BEGIN') ? found + header : found,
  );
}

// Lengths that lie, and depth: what recursive readers of DER fall over.
function derGarbage(random) {
  const kinds = [
    () => random.bytes(random.size(2_000)),
    () => Buffer.from('30'.repeat(random.size(20_000)) + '00', 'hex'),
    () => Buffer.from(`3080`.repeat(random.size(5_000)), 'hex'),
    () => Buffer.from('3084ffffffff02010030', 'hex'),
    () => Buffer.from(`3082${'ffff'}0288${'7f'.repeat(8)}`, 'hex'),
  ];
  return random.pick(kinds)();
}
