// Revocation lists of throw-away authorities, made by openssl: nothing of ours writes them.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ListOptions {
  /** Certificates that are revoked. */
  readonly revoked?: readonly string[];
  /** Milliseconds since the epoch; a day ago and a month ahead unless given. */
  readonly from?: number;
  readonly to?: number;
}

const day = 86_400_000;
const configuration = `[ca]
default_ca = any
[any]
database = index.txt
crlnumber = number.txt
default_md = sha256
`;

/** Makes an authority's list as PEM text. */
export function makeList(
  authority: { readonly keyPem: string; readonly certificatePem: string },
  { revoked = [], from = Date.now() - day, to = Date.now() + 30 * day }: ListOptions = {},
): string {
  const cwd = mkdtempSync(join(tmpdir(), 'amph-crl-'));
  const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text, { mode: 0o600 });
  try {
    write('openssl.cnf', configuration);
    write('number.txt', '01\n');
    write('ca.key', authority.keyPem);
    write('ca.crt', authority.certificatePem);
    write('index.txt', revoked.map(entryOf).join(''));
    execFileSync(
      'openssl',
      [
        ...[
          'ca',
          '-config',
          'openssl.cnf',
          '-gencrl',
          '-cert',
          'ca.crt',
          '-keyfile',
          'ca.key',
          '-out',
          'list.pem',
        ],
        ...['-crl_lastupdate', asn1Time(from), '-crl_nextupdate', asn1Time(to)],
      ],
      { cwd, stdio: 'pipe' },
    );
    return readFileSync(join(cwd, 'list.pem'), 'utf8');
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

// One line of openssl's certificate database: status, end, revocation with its reason, serial, file, subject.
function entryOf(certificatePem: string): string {
  const { serialNumber, validTo } = new X509Certificate(certificatePem);
  const end = asn1Time(Date.parse(validTo)).slice(2);
  const since = `${asn1Time(Date.now() - day).slice(2)},keyCompromise`;
  return `${['R', end, since, serialNumber, 'unknown', '/CN=x'].join('\t')}\n`;
}

function asn1Time(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:T]/g, '').replace(/\..*/, 'Z');
}
