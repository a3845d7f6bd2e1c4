// What the package is made of, as CycloneDX 1.5 JSON: every npm package inside the bundle, and the Node beside it.
import { createHash } from 'node:crypto';

/** Renders it: the same for the same contents. */
export function renderSbom({ name, version, epoch, libraries, node }) {
  const components = [
    ...libraries.map((library) => component('library', library.name, library.version, library.licence)),
    ...(node === undefined ? [] : [runtime(node)]),
  ];
  const main = {
    ...component('application', name, version, 'Apache-2.0'),
    purl: `pkg:deb/amphorad/${name}@${version}`,
  };
  main['bom-ref'] = main.purl;
  const body = {
    metadata: { timestamp: new Date(epoch * 1000).toISOString(), component: main },
    components,
    dependencies: [{ ref: main['bom-ref'], dependsOn: components.map((each) => each['bom-ref']) }],
  };
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const head = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuidOf(digest)}`,
    version: 1,
  };
  return `${JSON.stringify({ ...head, ...body }, undefined, 2)}\n`;
}

function component(type, name, version, licence) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const isExpression = /\s(OR|AND|WITH)\s|[()]/.test(licence);
  const licenses = [isExpression ? { expression: licence } : { license: { id: licence } }];
  return { 'bom-ref': purl, type, name, version, licenses, purl };
}

function runtime({ package: name, version, integrity }) {
  const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  return { ...component('platform', name, version, 'MIT'), hashes: [{ alg: 'SHA-512', content }] };
}

/** A UUID of version 8: its bits are ours to choose (RFC 9562). */
function uuidOf(digest) {
  const hex = `${digest.slice(0, 12)}8${digest.slice(13, 16)}8${digest.slice(17, 32)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
