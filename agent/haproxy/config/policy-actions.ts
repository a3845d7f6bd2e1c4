// The actions of http-request, http-response, http-after-response, tcp-request and tcp-response with the words that
// each takes: an action that is not here is refused. Sources: manual 4.2; haproxy v2.6.0 src/http_act.c, tcp_rules.c.

import { readExpression } from './policy-expressions';
import { optionTable, ruleTable, statement, text, type OptionTable, type WordKind } from './policy-grammar';
import type { Rule } from './policy-report';

/** The words of a reply: `return`, `deny`, `tarpit`, `http-error`. */
export const replyOptions: OptionTable = optionTable(
  'default-errorfiles',
  ['status deny_status content-type errorfiles string', 'text'],
  ['lf-string', 'format'],
  ['hdr', 'text', 'format'],
  ['errorfile', 'errorfile'],
  ['file', 'content'],
  ['lf-file', 'format-file'],
);

/** The words of a redirection. */
export const redirectOptions: OptionTable = optionTable(
  'drop-query append-slash ignore-empty',
  ['location prefix scheme', 'format'],
  ['set-cookie clear-cookie code', 'text'],
);

const none = optionTable('');

function plain(count: number, options: OptionTable = none): Rule {
  return statement({ words: Array<WordKind>(count).fill('format'), options, hasCondition: true });
}

function expression(options: OptionTable = none, words: readonly WordKind[] = []): Rule {
  return statement({ words, hasExpression: true, options, hasCondition: true });
}

const service: Rule = ([name = '', ...rest], report) => {
  if (name !== 'prometheus-exporter') report.refuse(name, 'is no service that is allowed');
  plain(0)(rest, report);
};

const actions = ruleTable(
  [
    `accept allow disable-l7-retry reject sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 unset-var
     wait-for-handshake close`,
    plain(0),
  ],
  ['add-acl del-acl del-map', plain(1)],
  ['set-map', plain(2)],
  ['add-header early-hint set-header', plain(2)],
  ['replace-header replace-value', plain(3)],
  ['replace-path replace-pathq replace-uri', plain(2)],
  [
    `cache-use cache-store expect-netscaler-cip expect-proxy set-log-level set-mark set-method set-nice set-path
     set-pathq set-query set-tos set-uri set-var-fmt strict-mode`,
    plain(1),
  ],
  ['auth', plain(0, optionTable('', ['realm', 'text']))],
  ['del-header', plain(1, optionTable('', ['-m', 'text']))],
  ['set-status', plain(1, optionTable('', ['reason', 'text']))],
  ['silent-drop', plain(0, optionTable('', ['rst-ttl', 'text']))],
  ['switch-mode', plain(1, optionTable('', ['proto', 'text']))],
  ['wait-for-body', plain(0, optionTable('', ['time at-least', 'text']))],
  ['normalize-uri', plain(1, optionTable('full strict'))],
  ['capture', expression(optionTable('', ['len id', 'text']))],
  ['track-sc', expression(optionTable('', ['table', 'text']))],
  [
    `do-resolve sc-set-gpt sc-set-gpt0 set-dst set-dst-port set-priority-class set-priority-offset set-src
     set-src-port set-var`,
    expression(),
  ],
  ['set-timeout', expression(none, ['text'])],
  ['redirect', statement({ options: redirectOptions, hasCondition: true })],
  ['deny return tarpit', statement({ options: replyOptions, hasCondition: true })],
  ['use-service', service],
);

const fileActions: ReadonlyMap<string, 'map' | 'acl'> = new Map([
  ['add-acl', 'acl'],
  ['del-acl', 'acl'],
  ['set-map', 'map'],
  ['del-map', 'map'],
]);

const actionPattern = /^([a-z0-9-]+)(?:\(([^]*)\))?$/;

/** Rule of one rule set's line, its keyword left out: action, arguments, condition. */
export const actionRule: Rule = ([action = '', ...rest], report) => {
  const [, written = '', argument = ''] = actionPattern.exec(action) ?? [];
  const name = written.replace(/^track-sc\d+$/, 'track-sc');
  const rule = actions.get(name);
  if (rule === undefined) {
    report.refuse(action, 'is no action that is allowed');
    return;
  }
  const file = fileActions.get(name);
  if (file === undefined) readExpression(argument, report);
  else report.file(file, argument);
  rule(rest, report);
};

/** Rule of `tcp-request` and `tcp-response`: where the action applies, then the action. */
export const tcpActionRule: Rule = ([where = '', ...rest], report) => {
  if (where === 'inspect-delay') text(rest, report);
  else if (['connection', 'session', 'content'].includes(where)) actionRule(rest, report);
  else report.refuse(where, 'is not allowed here');
};
