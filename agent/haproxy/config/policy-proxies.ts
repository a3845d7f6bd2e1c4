// The keywords of `defaults`, `frontend`, `backend` and `listen`; what haproxy itself has removed is left to haproxy's
// own words. Source: HAProxy 2.6 manual, chapter 4.

import { actionRule, redirectOptions, replyOptions, tcpActionRule } from './policy-actions';
import { beginsCondition, readAcl, readCondition } from './policy-expressions';
import { expressions, formats, optionTable, readWord, ruleTable, statement, text } from './policy-grammar';
import {
  bindRule,
  defaultServerRule,
  logRule,
  serverRule,
  serverTemplateRule,
  sourceRule,
} from './policy-options';
import type { Rule } from './policy-report';

const acl: Rule = ([, ...rest], report) => readAcl(rest, report);

const conditionAlone = statement({ hasCondition: true });

const formatWithCondition = statement({ words: ['format'], hasCondition: true });

const connectWords = statement({
  options: optionTable(
    'default send-proxy via-socks4 linger ssl',
    ['proto comment sni alpn', 'text'],
    ['port', 'expression'],
    ['addr', 'address'],
  ),
});

const check: Rule = ([step = '', ...rest], report) => {
  if (step === 'connect') connectWords(rest, report);
  else expressions([step, ...rest], report);
};

const externalCheck: Rule = ([what = '', word = ''], report) => {
  if (what === 'command') readWord('helper', word, report);
  else report.refuse(what, 'is not allowed here: the helper needs no search path');
};

const filters: ReadonlySet<string> = new Set(['compression', 'cache', 'fcgi-app']);

const filter: Rule = ([name = ''], report) => {
  if (!filters.has(name)) report.refuse(name, 'is no filter that is allowed');
};

const stats: Rule = (words, report) => {
  if (words[0] === 'socket') report.refuse('socket', 'is not allowed here');
  const at = words.findIndex(beginsCondition);
  if (at > 0) readCondition(words.slice(at + 1), report);
};

/** Rule of `errorfile` in proxies and `http-errors`. */
export const errorFileRule: Rule = statement({ words: ['text', 'errorfile'] });

const removed = `appsession block clitimeout cliexp contimeout http-tunnel redisp redispatch reqadd reqallow reqdel reqdeny
  reqiallow reqidel reqideny reqipass reqirep reqitarpit reqpass reqrep reqtarpit rspadd rspdel rspdeny rspidel rspideny
  rspirep rsprep srvexp srvtimeout transparent usesrc`;

/** Rules of the keywords in a proxy. */
export const proxyRules: ReadonlyMap<string, Rule> = ruleTable(
  [
    `backlog bind-process capture clitcpka-cnt clitcpka-idle clitcpka-intvl compression cookie declare default_backend
     description disabled dynamic-cookie-key email-alert enabled errorfiles errorloc errorloc302 errorloc303 fullconn
     grace hash-balance-factor hash-type http-reuse http-send-name-header id load-server-state-from-file log-tag
     max-keep-alive-queue max-session-srv-conns maxconn mode monitor-net monitor-uri option persist rate-limit retries
     retry-on srvtcpka-cnt srvtcpka-idle srvtcpka-intvl stick-table timeout unique-id-header use-fcgi-app ${removed}`,
    text,
  ],
  ['balance', expressions],
  ['unique-id-format log-format log-format-sd error-log-format', formats],
  ['acl', acl],
  ['bind', bindRule],
  ['server', serverRule],
  ['server-template', serverTemplateRule],
  ['default-server', defaultServerRule],
  ['source', sourceRule],
  ['dispatch', statement({ words: ['address'], options: optionTable('') })],
  ['log', logRule],
  ['http-request http-response http-after-response', actionRule],
  ['tcp-request tcp-response', tcpActionRule],
  ['http-check tcp-check', check],
  ['external-check', externalCheck],
  ['filter', filter],
  ['stats', stats],
  ['errorfile', errorFileRule],
  ['http-error', statement({ options: replyOptions })],
  ['redirect', statement({ options: redirectOptions, hasCondition: true })],
  ['use_backend use-server', formatWithCondition],
  ['force-persist ignore-persist', conditionAlone],
  ['monitor', statement({ words: ['text'], hasCondition: true })],
  [
    'stick',
    statement({
      words: ['text'],
      hasExpression: true,
      options: optionTable('', ['table', 'text']),
      hasCondition: true,
    }),
  ],
  ['server-state-file-name', ([name = ''], report) => readWord('state', name, report)],
);
