// The options of bind and server lines and what each takes, as `haproxy -dKall` of 2.6 lists them (a test compares).
// Left out: namespace (leaves the amphora's), expose-fd and level (who holds the process), options of no build of ours.

import { optionTable, statement, type OptionTable } from './policy-grammar';
import type { Rule } from './policy-report';

const tlsVersions = 'no-sslv3 no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13';
const tlsForced = 'force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13';

/** Options of `bind`. */
export const bindOptions: OptionTable = optionTable(
  `accept-proxy defer-accept tfo transparent v4v6 v6only ssl allow-0rtt generate-certificates no-ca-names
   no-tls-tickets prefer-client-ciphers strict-sni ${tlsVersions} ${tlsForced}`,
  [
    `accept-netscaler-cip alpn backlog ca-ignore-err ca-sign-pass ciphers ciphersuites crt-ignore-err curves ecdhe
     gid group id interface maxconn mode mss name nice npn process proto severity-output shards ssl-max-ver ssl-min-ver
     tcp-ut thread uid user verify`,
    'text',
  ],
  ['crt ca-sign-file', 'certificate'],
  ['crt-list', 'crt-list'],
  ['ca-file ca-verify-file', 'ca'],
  ['crl-file', 'crl'],
  ['tls-ticket-keys', 'ticket-keys'],
);

/** Options within the brackets of a crt-list's line. */
export const crtListOptions: OptionTable = optionTable(
  'allow-0rtt no-ca-names',
  ['alpn ciphers ciphersuites curves ecdhe npn ssl-max-ver ssl-min-ver verify', 'text'],
  ['ca-file ca-verify-file', 'ca'],
  ['crl-file', 'crl'],
);

const negatedServerFlags = `no-agent-check no-backup no-check no-check-send-proxy no-check-ssl no-send-proxy
  no-send-proxy-v2 no-send-proxy-v2-ssl no-send-proxy-v2-ssl-cn no-ssl no-ssl-reuse no-tfo no-tls-tickets`;

/** Options of `server`, `server-template`, `default-server` and `peer`. */
export const serverOptions: OptionTable = optionTable(
  `agent-check allow-0rtt backup check check-send-proxy check-ssl check-via-socks4 disabled enabled non-stick
   send-proxy send-proxy-v2 send-proxy-v2-ssl send-proxy-v2-ssl-cn ssl ssl-reuse stick tfo tls-tickets
   ${negatedServerFlags} ${tlsVersions} ${tlsForced}`,
  [
    `agent-inter agent-port agent-send alpn check-alpn check-proto check-sni ciphers ciphersuites cookie downinter
     error-limit fall fastinter id init-addr inter interface log-proto max-reuse maxconn maxqueue minconn npn observe
     on-error on-marked-down on-marked-up pool-low-conn pool-max-conn pool-purge-delay port proto proxy-v2-options redir
     resolve-net resolve-opts resolve-prefer resolvers rise slowstart ssl-max-ver ssl-min-ver tcp-ut track verify
     verifyhost weight ws`,
    'text',
  ],
  ['sni', 'expression'],
  ['addr agent-addr socks4 source', 'address'],
  ['usesrc', 'usesrc'],
  ['crt', 'certificate'],
  ['ca-file', 'ca'],
  ['crl-file', 'crl'],
);

/** Rule of `source` in a proxy. */
export const sourceRule: Rule = statement({
  words: ['address'],
  options: optionTable('', ['interface', 'text'], ['usesrc', 'usesrc']),
});

const bindParameters = statement({ options: bindOptions });

/** Rule of `bind` and `dgram-bind`: addresses parted by commas, then options. */
export const bindRule: Rule = ([addresses = '', ...rest], report) => {
  for (const address of addresses.split(',')) report.address(address, 'socket');
  bindParameters(rest, report);
};

/** Rule of `server`: name, address, options. */
export const serverRule: Rule = statement({ words: ['text', 'address'], options: serverOptions });

/** Rule of `server-template`: prefix, range, address, options. */
export const serverTemplateRule: Rule = statement({
  words: ['text', 'text', 'address'],
  options: serverOptions,
});

/** Rule of `default-server` and `default-bind`: options alone. */
export const defaultServerRule: Rule = statement({ options: serverOptions });
export const defaultBindRule: Rule = bindParameters;

/** Rule of `peer`, and of `server` among peers: the local one may have no address, but options. */
export const peerRule: Rule = ([name = '', ...rest], report) => {
  const hasAddress = rest[0] !== undefined && !serverOptions.has(rest[0]);
  const rule = hasAddress ? serverRule : defaultServerRule;
  rule(hasAddress ? [name, ...rest] : rest, report);
};

/** Rule of `log` and `log-stderr`: `global`, haproxy's own output, a ring, a log socket of the distribution, an address. */
export const logRule: Rule = ([target = ''], report) => {
  const isOwn = /^(?:global|stdout|stderr|ring@[A-Za-z0-9_.:-]+)$/.test(target);
  if (!isOwn) report.address(target, 'log-socket');
};
