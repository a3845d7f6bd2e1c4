// nftables in the namespace: one table of the firewall and one of masquerading for each interface and family, each
// replaced as a whole by one `nft -f` (a transaction: all of it or nothing). Source: nft(8).

import { AgentError } from '../model/errors';
import { cidrText } from '../model/cidr';
import type { FirewallRule } from '../model/network';
import type { Template, Templates } from '../model/template';
import type { NamespaceCommand } from './in-namespace';
import type { Firewall } from './network';
import { renderFirewall, renderMasquerade } from './render';

/** The masquerading of interfaces. */
export interface Masquerade {
  /** Replaces the masquerading of an interface by that of these families. Throws `unavailable` with nft's words. */
  set(name: string, families: readonly (4 | 6)[]): Promise<void>;
  /** The families that have it now; none where nft cannot tell. */
  families(name: string): Promise<readonly (4 | 6)[]>;
}

const words = { 4: 'ip', 6: 'ip6' } as const;
const bothFamilies = [4, 6] as const;

/** Makes the firewall of the namespace. */
export function createFirewall(
  command: NamespaceCommand,
  templates: Pick<Templates, 'firewall.nft'>,
): Firewall {
  const template = templates['firewall.nft'];
  const table = (name: string): string => `amphora_rules_${name}`;
  return {
    admit: (name, rules) =>
      load(command, `admit traffic on ${name}`, firewallText(template, table(name), name, rules)),
    lift: (name) => {
      const line = `table inet ${table(name)}`;
      return load(command, `lift the rules of ${name}`, `add ${line}\ndelete ${line}\n`);
    },
  };
}

/** Makes the masquerading of the namespace. */
export function createMasquerade(
  command: NamespaceCommand,
  templates: Pick<Templates, 'masquerade.nft'>,
): Masquerade {
  const template = templates['masquerade.nft'];
  const table = (name: string): string => `amphora_lvs_${name}`;
  return {
    set: (name, families) =>
      load(command, `masquerade what leaves ${name}`, masqueradeText(template, table(name), name, families)),
    async families(name) {
      const listed = await command.attempt(['nft', 'list', 'tables']);
      const lines = listed.stdout.split('\n').map((line) => line.trim());
      return bothFamilies.filter((family) => lines.includes(`table ${words[family]} ${table(name)}`));
    },
  };
}

/** What nft reads to admit `rules` on an interface and nothing else. */
export function firewallText(
  template: Template,
  table: string,
  name: string,
  rules: readonly FirewallRule[],
): string {
  return renderFirewall(template, { table, name, admitted: [...new Set(rules.map(matchOf))] });
}

function masqueradeText(
  template: Template,
  table: string,
  name: string,
  families: readonly (4 | 6)[],
): string {
  const view = bothFamilies.map((family) => ({
    family: words[family],
    isWanted: families.includes(family),
  }));
  return renderMasquerade(template, { table, name, families: view });
}

function matchOf({ protocol, from, port }: FirewallRule): string {
  const source = sourceOf(from);
  const traffic = protocol === 'vrrp' ? 'meta l4proto 112' : `${protocol.toLowerCase()} dport ${port}`;
  return source === '' ? traffic : `${source} ${traffic}`;
}

// Controllers write 0.0.0.0/0 for anybody, whatever family the VIP has.
function sourceOf(from: FirewallRule['from']): string {
  if (from === null || (from.family === 4 && from.prefix === 0)) return '';
  if (from.prefix === 0) return 'meta nfproto ipv6';
  return `${words[from.family]} saddr ${cidrText(from)}`;
}

async function load(command: NamespaceCommand, what: string, text: string): Promise<void> {
  try {
    await command.run(['nft', '-f', '-'], text);
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    throw new AgentError(thrown.kind, `nft did not ${what}`, {
      detail: thrown.detail ?? thrown.message,
      cause: thrown,
    });
  }
}
