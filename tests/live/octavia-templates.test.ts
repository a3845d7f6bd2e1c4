// Every configuration that Octavia's own templates render passes the policy: they are run, not copied. Debian's
// python3-octavia brings them (`scripts/setup --tests`).

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { namedFiles } from '../../agent/haproxy/config/files';
import { checkPolicy } from '../../agent/haproxy/config/policy';
import type { PolicyContext } from '../../agent/haproxy/config/policy-fault';
import { parseListenerUuid } from '../../agent/model/ids';

const python = '/usr/bin/python3';
const isInstalled = spawnSync(python, ['-c', 'import octavia.common.jinja']).status === 0;
if (!isInstalled) {
  process.stderr.write('skipped: no python3-octavia, so nothing renders what a controller would upload\n');
}

const id = parseListenerUuid('7d1f0a52-6d6f-4c6c-9b0a-2f6a3f3b8a11');
const places = [
  { base: '/var/lib/octavia', certs: '/var/lib/octavia/certs' },
  { base: '/srv/amphora/state', certs: '/run/amphora-certs' },
];

function render(base: string, certs: string): Readonly<Record<string, string>> {
  const script = join(__dirname, 'octavia', 'render.py');
  const { stdout, stderr, status } = spawnSync(python, [script, base, certs, id], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Readonly<Record<string, string>>;
}

(isInstalled ? describe : describe.skip)("what Octavia's templates render", () => {
  it.each(places)('passes the policy under $base', ({ base, certs }) => {
    const context: PolicyContext = {
      mode: 'octavia',
      basePath: base,
      certDir: certs,
      id,
      statsSocket: `${base}/${id}.sock`,
      logSockets: ['/dev/log', '/run/rsyslog/octavia/log'],
      caBundles: [],
      // The templates write the packaged path whatever base_path is.
      pingHelpers: [`${base}/ping-wrapper.sh`, '/var/lib/octavia/ping-wrapper.sh'],
    };
    const rendered = Object.entries(render(base, certs));
    expect(rendered.length).toBeGreaterThan(100);
    const refused = rendered.map(([name, text]) => [name, checkPolicy(text, context)]);
    expect(refused).toEqual(rendered.map(([name]) => [name, []]));
  });

  it('names its certificates, lists and authorities', () => {
    const { base, certs } = places[0]!;
    const rendered = render(base, certs);
    const kindsOf = (name: string): readonly string[] => [
      ...new Set(
        namedFiles(rendered[name] ?? '').map(
          ({ kind, path }) => `${kind} ${path.replace(/[0-9a-f-]{36}\.pem$/, 'ID.pem')}`,
        ),
      ),
    ];
    expect(kindsOf('client-mandatory-for-2.6')).toEqual([
      `state ${base}/${id}/servers-state`,
      `crt-list ${certs}/${id}/ID.pem`,
      `ca ${certs}/${id}/client_ca.pem`,
      `crl ${certs}/${id}/client_crl.pem`,
    ]);
    expect(kindsOf('re-encryption-for-2.6')).toEqual([
      `state ${base}/${id}/servers-state`,
      `ca ${certs}/${id}/ca.pem`,
      `crl ${certs}/${id}/crl.pem`,
      `certificate ${certs}/${id}/client.pem`,
    ]);
    expect(kindsOf('monitors-for-2.6')).toContain('helper /var/lib/octavia/ping-wrapper.sh');
  });
});
