// Lines that would read, write, run or expose something of the host, each with the section it stands in. The unit test
// holds the policy against them; tests/surfaces/policy.test.ts asks haproxy which of them it would have taken.

import { parseListenerUuid } from '../../../../agent/model/ids';
import type { PolicyContext } from '../../../../agent/haproxy/config/policy-fault';

export const id = parseListenerUuid('7d1f0a52-6d6f-4c6c-9b0a-2f6a3f3b8a11');
const other = '0a0a0a0a-6d6f-4c6c-9b0a-2f6a3f3b8a11';

export const base = '/var/lib/octavia';
export const certs = `${base}/certs`;

export const context: PolicyContext = {
  mode: 'octavia',
  basePath: base,
  certDir: certs,
  id,
  statsSocket: `${base}/${id}.sock`,
  logSockets: ['/dev/log', '/run/rsyslog/octavia/log'],
  caBundles: ['/etc/ssl/certs/ca-certificates.crt'],
  pingHelpers: [`${base}/ping-wrapper.sh`],
};

export interface HostileLine {
  readonly section: string;
  readonly line: string;
}

const inSection = (section: string, lines: readonly string[]): readonly HostileLine[] =>
  lines.map((line) => ({ section, line }));

export const hostileLines: readonly HostileLine[] = [
  ...inSection('global', [
    'lua-load /etc/amphora.lua',
    'lua-load-per-thread /etc/amphora.lua',
    'lua-prepend-path /tmp/?.lua',
    String.raw`"lua\x2dload" /etc/amphora.lua`,
    String.raw`lua\-load /etc/amphora.lua`,
    'pidfile /etc/cron.d/amphora',
    'chroot /var/lib/octavia',
    'uid 0',
    'gid 0',
    'uid 0x0',
    'uid 4294967296',
    'user root',
    'group root',
    'group shadow',
    'setenv PATH /tmp',
    'presetenv LD_PRELOAD /tmp/x.so',
    'unsetenv PATH',
    'resetenv',
    'ssl-engine dynamic',
    'ssl-provider legacy',
    'ssl-provider-path /tmp',
    'insecure-setuid-wanted',
    'insecure-fork-wanted',
    'set-dumpable',
    'master-worker no-exit-on-failure',
    'mworker-max-reloads 1',
    'unix-bind prefix /tmp',
    'crt-base /etc/ssl/private',
    'ca-base /etc/ssl',
    'default-path origin /etc',
    'server-state-base /etc',
    'server-state-file /etc/shadow',
    `server-state-file ${base}/${other}/servers-state`,
    `server-state-file ${base}/${id}/../../../../etc/shadow`,
    'h1-case-adjust-file /etc/shadow',
    'issuers-chain-path /etc/ssl/private',
    'ssl-dh-param-file /etc/shadow',
    'httpclient.ssl.ca-file /etc/shadow',
    'stats socket /var/run/haproxy.sock level user',
    `stats socket ${base}/${id}.sock level admin`,
    `stats socket ${base}/${id}.sock level user level admin`,
    `stats socket ${base}/${id}.sock mode 0600 expose-fd listeners`,
    `stats socket ${base}/${other}.sock level user`,
    `stats socket ${base}/${id}.sock,ipv4@127.0.0.1:9999 level user`,
    'stats socket ipv4@127.0.0.1:9999 level admin',
    'stats socket abns@haproxy level operator',
    'stats socket fd@3 level operator',
    'log /var/run/docker.sock local0',
    'log fd@5 local0',
    'log unix@/run/systemd/private local0',
    'log "${HOME}" local0',
    'description "$PATH"',
    'set-var proc.shadow str(x),map(/etc/shadow)',
    'set-var-fmt proc.path %[env(PATH)]',
    'no-such-keyword 1',
    'no lua-load /etc/amphora.lua',
    'default pidfile /tmp/x',
    '.if feature(OPENSSL)',
    '.notice hello',
    '.diag hello',
    String.raw`description a\x00b`,
  ]),
  ...inSection('frontend', [
    'http-request return status 200 content-type text/plain file /etc/shadow if { path /x }',
    `http-request return status 200 content-type text/plain file ${base}/${id}/state.json`,
    `http-request return status 200 content-type text/plain file ${certs}/${id}/web.pem`,
    'http-request return status 200 content-type text/plain lf-file /etc/shadow',
    'http-request return hdr if { hdr x file /etc/shadow content-type text/plain } always',
    'http-request return status 200 errorfile /etc/shadow',
    'http-request deny deny_status 403 errorfile /etc/shadow',
    'http-request tarpit deny_status 500 content-type a/b file /etc/shadow',
    'http-response return status 200 content-type text/plain file /etc/shadow',
    String.raw`http-request return status 200 content-type text/plain file \x2fetc\x2fshadow`,
    'http-request return status 200 content-type text/plain lf-string %[path,map(/etc/shadow)]',
    'http-request set-header X-Secret %[str(root),map_reg(/etc/shadow,none)]',
    'http-request set-header if %[path,map(/etc/shadow)]',
    'http-request replace-header if { %[path,map(/etc/shadow)]',
    'http-request set-header X "%[src,map_ip(\'/etc/hosts\')]"',
    'http-request set-header X %[env(HOME)]',
    'http-request set-var(txn.x) path,lower map(/etc/shadow)',
    'http-request set-var(txn.x) path,map(maps/x.map)',
    `http-request set-var(txn.x) path,map(${base}/${id}/maps/../state.json)`,
    `http-request set-var(txn.x) path,map(${base}/${id}/maps//x.map)`,
    `http-request set-var(txn.x) path,map(${base}/${id}/haproxy.cfg)`,
    'http-request set-var(txn.x) http_auth_bearer,jwt_verify(txn.alg,/etc/ssl/private/key.pem)',
    'http-request set-map(/etc/hosts) %[src] x',
    'http-request add-acl(/etc/hosts) %[src]',
    'http-request lua.run',
    'http-request use-service lua.shell',
    'http-request send-spoe-group a b',
    'http-request track-sc0 src,map(/etc/shadow) table t',
    'http-request capture path,map(/etc/shadow) len 10',
    'tcp-request connection reject if { src -f /etc/shadow }',
    'tcp-request content reject unless !{ src map(/etc/shadow) -m found }',
    'tcp-request content use-service lua.shell',
    'acl bad path -f /etc/shadow',
    'acl bad path -i -m beg -M -f /etc/shadow',
    'acl bad src lower map(/etc/shadow)',
    'acl bad hdr(host),map(/etc/shadow) -m found',
    'use_backend %[path,map(/etc/shadow)]',
    'use_backend b if { path -f /etc/shadow }',
    'redirect location %[path,map(/etc/shadow)] code 302',
    'log-format %[path,map(/etc/shadow)]',
    'unique-id-format %[path,map(/etc/shadow)]',
    'monitor fail if { path -f /etc/shadow }',
    'errorfile 503 /etc/shadow',
    `errorfile 503 ${base}/${id}/state.json`,
    'http-error status 503 content-type text/plain file /etc/shadow',
    'bind unix@/var/run/docker.sock',
    'bind 127.0.0.1:8081,unix@/tmp/x.sock',
    'bind abns@x',
    'bind fd@3',
    'bind sockpair@4',
    'bind ${HOME}',
    'bind :8443 ssl crt /etc/ssl/private/ssl-cert-snakeoil.key',
    `bind :8443 ssl crt ${certs}/${other}/web.pem`,
    `bind :8443 ssl crt ${certs}/${id}/../${other}/web.pem`,
    'bind :8443 ssl crt-list /etc/shadow',
    'bind :8443 ssl crt web.pem',
    `bind :8443 ssl crt ${certs}/${id}/web.pem ca-file /etc/shadow verify required`,
    `bind :8443 ssl crt ${certs}/${id}/web.pem crl-file /etc/shadow`,
    `bind :8443 ssl crt ${certs}/${id}/web.pem ca-verify-file /etc/shadow`,
    `bind :8443 ssl crt ${certs}/${id}/web.pem generate-certificates ca-sign-file /etc/shadow`,
    `bind :8443 ssl crt ${certs}/${id}/web.pem tls-ticket-keys /etc/shadow`,
    'bind :8081 namespace host',
    'filter spoe engine x config /etc/shadow',
    'filter trace name x',
    'filter opentracing config /etc/shadow',
    'stats admin if { path -f /etc/shadow }',
    'log /etc/cron.d/x local0',
  ]),
  ...inSection('backend', [
    'server s /var/run/docker.sock',
    'server s unix@/run/systemd/private',
    `server s unix@${base}/${id}/admin.sock`,
    `server s ${base}/${id}/sockets/../admin.sock`,
    'server s abns@x',
    'server s $HOME:80',
    'server s 10.0.0.1:443 ssl crt /etc/ssl/private/ssl-cert-snakeoil.key verify none',
    'server s 10.0.0.1:443 ssl ca-file /etc/shadow verify required',
    `server s 10.0.0.1:443 ssl ca-file ${base}/${id}/haproxy.cfg verify required`,
    'server s 10.0.0.1:443 ssl crl-file /etc/shadow',
    'server s 10.0.0.1:80 namespace host',
    'server s 10.0.0.1:80 check addr /var/run/docker.sock',
    'server s 10.0.0.1:80 source /tmp/x',
    'server s 10.0.0.1:80 socks4 /tmp/x',
    'server s 10.0.0.1:443 ssl verify none sni str(x),map(/etc/shadow)',
    'server-template s 1-3 /var/run/docker.sock',
    'default-server ssl crt /etc/shadow',
    'source 0.0.0.0 usesrc /tmp/x',
    'dispatch /var/run/docker.sock',
    'external-check command /bin/sh',
    'external-check path /tmp',
    `external-check command ${base}/${id}/ping-wrapper.sh`,
    'server-state-file-name /etc/shadow',
    'server-state-file-name use-backend-name',
    'http-check connect addr /var/run/docker.sock',
    'http-check send uri-lf %[str(x),map(/etc/shadow)]',
    'tcp-check connect addr unix@/tmp/x port 1',
    'tcp-check expect string-lf %[str(x),map(/etc/shadow)]',
    'stick on src,map(/etc/shadow)',
    'stick match src table t if { src -f /etc/shadow }',
    'balance hash path,map(/etc/shadow)',
    'use-server s if { src -f /etc/shadow }',
  ]),
  ...inSection('peers p', [
    'peer x /var/run/docker.sock',
    'bind :1024 ssl crt /etc/shadow',
    'server x ssl crt /etc/shadow',
  ]),
  ...inSection('ring r', ['backing-file /etc/cron.d/x', 'server s /var/run/docker.sock']),
  ...inSection('resolvers r', ['nameserver n /var/run/docker.sock']),
  ...inSection('mailers m', ['mailer m /var/run/docker.sock']),
  ...inSection('http-errors e', ['errorfile 503 /etc/shadow']),
  ...inSection('log-forward l', ['dgram-bind /dev/log', 'log /var/run/docker.sock local0']),
  ...inSection('fcgi-app a', [
    'log-stderr /var/run/docker.sock local0',
    'set-param X %[path,map(/etc/shadow)]',
  ]),
  ...inSection('program p', ['command /bin/sh -c true']),
  ...inSection('namespace_list', ['namespace host']),
];

const shared = ['global', 'frontend', 'backend'];

/** A configuration that works but for one line, and the number of that line. */
export function configWith({ section, line }: HostileLine): {
  readonly text: string;
  readonly number: number;
} {
  const at = (name: string): string => (section === name ? `    ${line}\n` : '');
  const rest = shared.includes(section) ? '' : `${section}\n    ${line}\n`;
  const text = `global
    maxconn 100
${at('global')}defaults
    mode http
    timeout connect 2s
    timeout client 2s
    timeout server 2s
frontend f
    bind 127.0.0.1:8080
${at('frontend')}    default_backend b
backend b
    balance roundrobin
${at('backend')}    server other 127.0.0.1:8081
${rest}`;
  return { text, number: text.split('\n').findIndex((each) => each === `    ${line}`) + 1 };
}
