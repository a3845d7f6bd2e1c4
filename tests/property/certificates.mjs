// Certificates for the names of listeners and for members, made once: several versions of each name, told apart by
// their serials. Source: openssl-req(1).
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { names } from './model.mjs';

const versions = 4;

/** Makes them in a directory; `of` gives the version of a name. */
export function makeCertificates(directory) {
  const make = (name, stem) => {
    const key = join(directory, `${stem}.key`);
    const certificate = join(directory, `${stem}.crt`);
    const words = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '30',
    ];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    execFileSync('openssl', [...words, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
    const pem = readFileSync(certificate, 'utf8');
    return { pem: `${pem}${readFileSync(key, 'utf8')}`, serial: new X509Certificate(pem).serialNumber };
  };
  const ofName = new Map(
    names.map((name) => [name, Array.from({ length: versions }, (_, at) => make(name, `${name}-${at}`))]),
  );
  const client = make('client.example', 'client');
  return {
    of: (name, version) => ofName.get(name)[version % versions],
    client: client.pem,
    authority: client.pem.slice(0, client.pem.indexOf('-----BEGIN PRIVATE KEY')),
  };
}
