// The sections that a configuration may have, and the keywords of the small ones. A section that is not here is refused
// whole: `program` starts programs, `namespace_list` opens namespaces. Source: HAProxy 2.6 manual, chapters 3, 5, 6, 10.

import { readAcl } from './policy-expressions';
import { ruleTable, refused, statement, text } from './policy-grammar';
import { globalRule } from './policy-global';
import {
  bindRule,
  defaultBindRule,
  defaultServerRule,
  logRule,
  peerRule,
  serverRule,
} from './policy-options';
import { errorFileRule, proxyRules } from './policy-proxies';
import type { Rule } from './policy-report';

type RuleOf = (keyword: string) => Rule | undefined;

const secondIsAddress = statement({ words: ['text', 'address'] });

const small: Readonly<Record<string, ReadonlyMap<string, Rule>>> = {
  peers: ruleTable(
    ['table disabled enabled shards', text],
    ['peer server', peerRule],
    ['bind', bindRule],
    ['default-bind', defaultBindRule],
    ['default-server', defaultServerRule],
    ['log', logRule],
  ),
  resolvers: ruleTable(
    ['accepted_payload_size hold parse-resolv-conf resolution_pool_size resolve_retries timeout', text],
    ['nameserver', secondIsAddress],
  ),
  mailers: ruleTable(['timeout', text], ['mailer', secondIsAddress]),
  userlist: ruleTable(['user group', text]),
  cache: ruleTable(['total-max-size max-object-size max-age process-vary max-secondary-entries', text]),
  'http-errors': ruleTable(['errorfile', errorFileRule]),
  ring: ruleTable(
    ['description format maxlen size timeout', text],
    ['server', serverRule],
    ['default-server', defaultServerRule],
    ['backing-file', refused('writes a file')],
  ),
  'log-forward': ruleTable(
    ['maxconn backlog timeout option', text],
    ['bind dgram-bind', bindRule],
    ['log', logRule],
  ),
  'fcgi-app': ruleTable(
    ['docroot index path-info option pass-header hide-header unset-param', text],
    ['set-param', statement({ words: ['text', 'format'], hasCondition: true })],
    ['acl', ([, ...rest], report) => readAcl(rest, report)],
    ['log-stderr', logRule],
  ),
};

const proxies = ['defaults', 'frontend', 'backend', 'listen'];

const sections: ReadonlyMap<string, RuleOf> = new Map<string, RuleOf>([
  ['global', globalRule],
  ...proxies.map((name): [string, RuleOf] => [name, (keyword) => proxyRules.get(keyword)]),
  ...Object.entries(small).map(([name, rules]): [string, RuleOf] => [name, (keyword) => rules.get(keyword)]),
]);

const reasons: ReadonlyMap<string, string> = new Map([
  ['program', 'starts programs of the host'],
  ['namespace_list', 'opens other network namespaces'],
]);

/** Says why a section is refused as a whole; undefined when it is not. */
export function faultOfSection(section: string): string | undefined {
  return sections.has(section) ? undefined : (reasons.get(section) ?? 'is no section that is allowed');
}

/** The rule of a keyword in a section; undefined when the keyword has no place there. */
export function ruleOf(section: string, keyword: string): Rule | undefined {
  return sections.get(section)?.(keyword);
}
