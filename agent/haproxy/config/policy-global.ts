// The keywords of `global`. Allowed is what sizes and tunes haproxy; refused is what reads, writes or starts something of
// the host, or takes the process out of the agent's hands. Source: HAProxy 2.6 manual, chapter 3.

import { logRule } from './policy-options';
import { expressions, formats, optionTable, refused, ruleTable, statement, text } from './policy-grammar';
import type { Rule } from './policy-report';

const environment = 'changes the environment';
const programs = 'runs a program of its own inside haproxy';
const process = 'is for the agent to decide: it runs the process';
const outside = 'would move other paths';

const accounts: ReadonlySet<string> = new Set(['nobody', 'nogroup', 'haproxy']);

const account: Rule = ([name = ''], report) => {
  if (!accounts.has(name)) report.refuse(name, `must be one of ${[...accounts].join(', ')}`);
};

// Written so that no reader of numbers can take it for zero.
const accountNumber: Rule = ([number = ''], report) => {
  if (!/^[1-9]\d{3,8}$/.test(number)) report.refuse(number, 'must be a number from 1000 on');
};

const statsSocket = statement({
  words: ['stats-socket'],
  options: optionTable(
    '',
    ['mode user group uid gid name id maxconn severity-output backlog nice', 'text'],
    ['level', 'level'],
  ),
});

const stats: Rule = ([what = '', ...rest], report) => {
  if (what === 'socket') statsSocket(rest, report);
  else if (!['timeout', 'maxconn', 'bind-process'].includes(what)) report.refuse(what, 'is not allowed here');
};

const fork: Rule = (_words, report) => report.fork('insecure-fork-wanted');

const refusals: readonly (readonly [keywords: string, reason: string])[] = [
  ['setenv presetenv unsetenv resetenv', environment],
  ['lua-load lua-load-per-thread lua-prepend-path', programs],
  ['ssl-engine ssl-provider ssl-provider-path ssl-propquery', 'loads code into haproxy'],
  ['pidfile', 'writes a file'],
  ['chroot', outside],
  ['ca-base crt-base default-path server-state-base unix-bind', outside],
  ['master-worker mworker-max-reloads nbproc', process],
  ['insecure-setuid-wanted', 'lets haproxy gain privileges'],
  ['set-dumpable', 'lets haproxy write its memory, with the keys in it, to disk'],
];

/** Rules of the keywords in a `global` section. */
export const globalRules: ReadonlyMap<string, Rule> = new Map([
  ...ruleTable(
    [
      `busy-polling close-spread-time cluster-secret cpu-map daemon description expose-experimental-directives
       external-check fd-hard-limit grace h1-accept-payload-with-any-method h1-case-adjust
       h2-workaround-bogus-websocket-clients hard-stop-after httpclient.resolvers.id httpclient.resolvers.prefer
       httpclient.ssl.verify localpeer log-send-hostname log-tag max-spread-checks maxcompcpuusage maxcomprate maxconn
       maxconnrate maxpipes maxsessrate maxsslconn maxsslrate maxzlibmem nbthread no-memory-trimming node noepoll
       noevports nogetaddrinfo nokqueue nopoll noreuseport nosplice numa-cpu-mapping pp2-never-send-local
       profiling.tasks quiet spread-checks ssl-default-bind-ciphers ssl-default-bind-ciphersuites
       ssl-default-bind-curves ssl-default-bind-options ssl-default-server-ciphers ssl-default-server-ciphersuites
       ssl-default-server-options ssl-load-extra-del-ext ssl-load-extra-files ssl-mode-async ssl-server-verify
       ssl-skip-self-issued-ca strict-limits thread-group thread-groups ulimit-n zero-warning`,
      text,
    ],
    ['set-var', expressions],
    ['set-var-fmt', formats],
    ['user group', account],
    ['uid gid', accountNumber],
    ['log', logRule],
    ['stats', stats],
    ['insecure-fork-wanted', fork],
    ['server-state-file', statement({ words: ['state'] })],
    ['h1-case-adjust-file', statement({ words: ['content'] })],
    ['ssl-dh-param-file', statement({ words: ['dh-parameters'] })],
    ['issuers-chain-path', statement({ words: ['certificate'] })],
    ['httpclient.ssl.ca-file', statement({ words: ['ca'] })],
  ),
  ...refusals.flatMap(([keywords, reason]) => [...ruleTable([keywords, refused(reason)])]),
]);

// They are numbers and switches, and each version has more of them.
const tuning = /^tune\.[a-z0-9.-]+$/;

/** The rule of a keyword in `global`; undefined when it has none. */
export function globalRule(keyword: string): Rule | undefined {
  return tuning.test(keyword) ? text : globalRules.get(keyword);
}
