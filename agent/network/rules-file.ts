// The stored firewall rules of an interface: JSON in the words of the API, so that a newer agent renders them its own
// way. Its name does not end in .json: Octavia's agent takes every such file beside it for an interface.

import { parseCidr, cidrText } from '../model/cidr';
import { AgentError } from '../model/errors';
import type { FirewallRule } from '../model/network';

/** Writes rules as they are stored. */
export function rulesText(rules: readonly FirewallRule[]): string {
  const stored = rules.map(({ protocol, from, port }) => ({
    protocol,
    cidr: from === null ? null : cidrText(from),
    port,
  }));
  return `${JSON.stringify(stored, undefined, 2)}\n`;
}

/** Reads stored rules. Throws `precondition` when they are spoiled: half of a firewall is none. */
export function parseRules(path: string, text: string): readonly FirewallRule[] {
  const list = parseList(text);
  const rules = list?.map(ruleOf);
  if (rules?.every((rule) => rule !== undefined) === true) return rules;
  throw new AgentError('precondition', `stored firewall rules cannot be read: ${path}`);
}

function ruleOf(entry: unknown): FirewallRule | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { protocol, cidr, port } = entry as Readonly<Record<string, unknown>>;
  const from = typeof cidr === 'string' ? parseCidr(cidr) : null;
  const isPort = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;
  if (!isProtocol(protocol) || !isPort || from === undefined) return undefined;
  return cidr === null || from !== null ? { protocol, from, port } : undefined;
}

function isProtocol(word: unknown): word is FirewallRule['protocol'] {
  return word === 'TCP' || word === 'UDP' || word === 'SCTP' || word === 'vrrp';
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
