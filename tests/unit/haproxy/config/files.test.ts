// The files that a configuration names: each with its line, kind and whether what is in it matters.

import { describe, expect, it } from '@jest/globals';
import { namedFiles, pathsBeside } from '../../../../agent/haproxy/config/files';

const shown = (text: string): readonly string[] =>
  namedFiles(text).map(
    ({ line, kind, path, hasContent }) => `${line} ${kind} ${path}${hasContent ? '' : ' (not its content)'}`,
  );

describe('the files that a configuration names', () => {
  it('are listed by line, with kind and path', () => {
    const text = `global
    server-state-file /b/servers-state
    ssl-dh-param-file /c/dh.pem
    log /dev/log local0
    stats socket /b/x.sock
frontend f
    bind :443 ssl crt /c/a.pem crt-list "/c/\\x6cist.pem" ca-file /c/ca.pem crl-file /c/crl.pem tls-ticket-keys /c/t.keys
    bind :444 ssl crt /c/x/ crt /c/7d1f0a52-6d6f-4c6c-9b0a-2f6a3f3b8a11
    acl x src -f /b/acls/x.lst -f /b/acls/y.lst
    http-request deny if { path -M -f /b/maps/x.map }
    http-request set-header X %[src,map_ip(/b/maps/y.map,none)]
    http-request return content-type a/b file /b/files/x.html
    errorfile 503 /b/errors/503.http
backend b
    external-check command /b/ping-wrapper.sh
    server s unix@/b/sockets/x.sock ssl crt /c/client.pem ca-file @system-ca
`;
    expect(shown(text)).toEqual([
      '2 state /b/servers-state (not its content)',
      '3 dh-parameters /c/dh.pem',
      '7 certificate /c/a.pem',
      '7 crt-list /c/list.pem',
      '7 ca /c/ca.pem',
      '7 crl /c/crl.pem',
      '7 ticket-keys /c/t.keys',
      '8 certificate-directory /c/x/',
      '8 certificate-directory /c/7d1f0a52-6d6f-4c6c-9b0a-2f6a3f3b8a11',
      '9 acl /b/acls/x.lst',
      '9 acl /b/acls/y.lst',
      '10 map /b/maps/x.map',
      '11 map /b/maps/y.map',
      '12 content /b/files/x.html',
      '13 errorfile /b/errors/503.http',
      '15 helper /b/ping-wrapper.sh (not its content)',
      '16 certificate /c/client.pem',
    ]);
  });

  it('are found where crt-base and ca-base put them', () => {
    const text =
      'global\n crt-base /c\n ca-base /d\nfrontend f\n bind :443 ssl crt a.pem crt /e/b.pem ca-file ca.pem\n';
    expect(shown(text)).toEqual(['5 certificate /c/a.pem', '5 certificate /e/b.pem', '5 ca /d/ca.pem']);
  });

  it('are found behind quoted keywords too', () => {
    expect(shown('frontend f\n "errorfile" 503 /b/x\n')).toEqual(['2 errorfile /b/x']);
  });

  it('are none in a configuration that names none', () => {
    expect(namedFiles('global\n daemon\nfrontend f\n bind :80\n # crt /x.pem\n')).toEqual([]);
  });
});

it.each([
  ['/c/a.pem', ['/c/a.pem.key', '/c/a.pem.ocsp', '/c/a.pem.issuer', '/c/a.pem.sctl']],
  ['/c/a.crt', ['/c/a.crt.key', '/c/a.key', '/c/a.ocsp']],
  ['/c/a', ['/c/a.rsa', '/c/a.ecdsa', '/c/a.dsa', '/c/a.rsa.key', '/c/a.ecdsa.ocsp']],
])('beside %s haproxy looks at %j, among others', (certificate, paths) => {
  expect(pathsBeside(certificate)).toEqual(expect.arrayContaining(paths));
});
