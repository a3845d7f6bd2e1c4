// What nft is given, and what its refusals become.

import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import type { FirewallRule } from '../../../agent/model/network';
import { createNamespaceCommand } from '../../../agent/network/in-namespace';
import { createFirewall, createMasquerade, firewallText } from '../../../agent/network/nft';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { net } from './wanted';

const rule = (protocol: FirewallRule['protocol'], cidr: string | null, port: number): FirewallRule => ({
  protocol,
  from: cidr === null ? null : net(cidr),
  port,
});

/** The lines of one chain, without those that every interface has. */
function chain(text: string, name: string): readonly string[] {
  const body = new RegExp(`chain ${name} \\{\n([^]*?)\n    \\}`).exec(text)?.[1] ?? '';
  return body.split('\n').map((line) => line.trim());
}

describe('the firewall of an interface', () => {
  const rules = [
    rule('TCP', null, 80),
    rule('TCP', '0.0.0.0/0', 80),
    rule('UDP', '192.0.2.0/24', 53),
    rule('SCTP', '2001:db8::/32', 9),
    rule('TCP', '::/0', 443),
    rule('vrrp', '192.0.2.7', 112),
  ];

  it('admits each rule by source and port, then drops', () => {
    expect(
      chain(firewallText(builtInTemplates['firewall.nft'], 't', 'eth1', rules), 'input').slice(-6),
    ).toEqual([
      'tcp dport 80 accept',
      'ip saddr 192.0.2.0/24 udp dport 53 accept',
      'ip6 saddr 2001:db8::/32 sctp dport 9 accept',
      'meta nfproto ipv6 tcp dport 443 accept',
      'ip saddr 192.0.2.7/32 meta l4proto 112 accept',
      'drop',
    ]);
  });

  it('concerns that interface alone, and lets pass what any interface needs', () => {
    const lines = chain(firewallText(builtInTemplates['firewall.nft'], 't', 'eth1', []), 'input');
    expect(lines[0]).toBe('type filter hook input priority filter; policy accept;');
    expect(lines[1]).toBe('iifname != "eth1" accept');
    const text = lines.join('\n');
    for (const each of [
      'established,related',
      'icmp type destination-unreachable',
      'packet-too-big',
      'dport 68',
    ])
      expect(text).toContain(each);
    expect(lines.at(-1)).toBe('drop');
  });

  it('replaces the table in one transaction, in the namespace', async () => {
    const given: string[] = [];
    const runner = createScriptedRunner([
      { match: /nft -f -$/, result: (_, { input = '' }) => (given.push(input), {}) },
    ]);
    const firewall = createFirewall(createNamespaceCommand(runner, 'ns'), builtInTemplates);
    await firewall.admit('eth1', rules);
    await firewall.lift('eth1');
    expect(runner.transcript).toEqual(['ip netns exec ns nft -f -', 'ip netns exec ns nft -f -']);
    expect(given[0]).toMatch(/^add table inet (\S+)\ndelete table inet \1\ntable inet \1 \{$/m);
    expect(given[1]).toBe('add table inet amphora_rules_eth1\ndelete table inet amphora_rules_eth1\n');
  });

  it('tells what nft said when it refuses', async () => {
    const stderr = 'Error: Could not process rule: Operation not supported\n';
    const runner = createScriptedRunner([{ match: /nft/, result: { code: 1, stderr } }]);
    const command = createNamespaceCommand(runner, 'ns');
    await expect(createFirewall(command, builtInTemplates).admit('eth1', [])).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'nft did not admit traffic on eth1',
      detail: stderr.trim(),
    });
    await expect(createMasquerade(command, builtInTemplates).set('eth1', [4])).rejects.toMatchObject({
      message: 'nft did not masquerade what leaves eth1',
    });
  });

  it('tells of a tool that does not end', async () => {
    const runner = createScriptedRunner([
      { match: /nft/, result: { code: null, signal: 'SIGTERM', timedOut: true } },
    ]);
    const firewall = createFirewall(createNamespaceCommand(runner, 'ns'), builtInTemplates);
    await expect(firewall.admit('eth1', [])).rejects.toMatchObject({ kind: 'timeout' });
  });
});

describe('masquerading', () => {
  it('is made for the families wanted and taken from the others', async () => {
    let given = '';
    const runner = createScriptedRunner([
      { match: /nft/, result: (_, { input = '' }) => ((given = input), {}) },
    ]);
    await createMasquerade(createNamespaceCommand(runner, 'ns'), builtInTemplates).set('eth2', [6]);
    expect(given).toContain('delete table ip amphora_lvs_eth2\n');
    expect(given).not.toContain('table ip amphora_lvs_eth2 {');
    expect(given).toContain('table ip6 amphora_lvs_eth2 {');
    expect(given).toContain('oifname "eth2" meta l4proto { udp, sctp } masquerade');
    expect(given).toContain('iifname "eth2" meta l4proto tcp notrack');
  });
});
