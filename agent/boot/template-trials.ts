// Whether a template can be used: it is tried with all that it can be shown and with the least, and what it makes must
// hold what the agent lives by. Whether haproxy, keepalived or nft would take the rest is theirs to say, at the change.

import { renderOverlay } from '../haproxy/render';
import { renderVrrpConfig } from '../keepalived/render';
import { vrrpPaths } from '../keepalived/vrrp-paths';
import { parseCidr, type Cidr } from '../model/cidr';
import { internal } from '../model/errors';
import { parseIp, type Ip } from '../model/ip';
import type { WantedInterface } from '../model/network';
import type { Template, TemplateName } from '../model/template';
import { defaultAdvertMs, defaultCheckTiming, type VrrpInstance } from '../model/vrrp';
import { readInterfaceFile, viewOf } from '../network/interface-file';
import { renderFirewall, renderInterfaceFile, renderMasquerade } from '../network/render';

/** Tries a template. Throws what is wrong with it. */
export function tryTemplate(name: TemplateName, template: Template): void {
  trials[name](template);
}

const trials: Readonly<Record<TemplateName, (template: Template) => void>> = {
  'firewall.nft': (template) => {
    for (const admitted of [[], ['tcp dport 443', 'ip saddr 192.0.2.0/24 udp dport 53']]) {
      const text = renderFirewall(template, { table: 'amphora_rules_eth9', name: 'eth9', admitted });
      requireIn(text, ['table inet amphora_rules_eth9', ...admitted]);
    }
  },
  'masquerade.nft': (template) => {
    for (const isWanted of [true, false]) {
      const families = [
        { family: 'ip', isWanted },
        { family: 'ip6', isWanted },
      ] as const;
      const text = renderMasquerade(template, { table: 'amphora_lvs_eth9', name: 'eth9', families });
      requireIn(text, ['table ip amphora_lvs_eth9', 'table ip6 amphora_lvs_eth9']);
    }
  },
  'haproxy-overlay.cfg': (template) => {
    const least = { user: '', group: '', adminSocket: '/lib/trial/admin.sock', logs: [], hardStopAfter: '' };
    const most = {
      ...least,
      user: 'nobody',
      group: 'nogroup',
      logs: ['/dev/log local0', '/dev/log local1 notice'],
      hardStopAfter: '5000ms',
    };
    for (const view of [least, most])
      requireIn(renderOverlay(template, view), [view.adminSocket, ...view.logs]);
  },
  'interface.json': (template) => {
    for (const wanted of interfaces()) {
      const read = readInterfaceFile(wanted.name, renderInterfaceFile(template, viewOf(wanted)));
      if (read === undefined) throw internal('what it makes is no JSON object');
      const [problem] = read.problems;
      if (problem !== undefined) throw internal(problem);
      const found = new Set(read.wanted.addresses.map(({ ip }) => ip.text));
      const missing = wanted.addresses.find((each) => !found.has(each.ip.text));
      if (missing !== undefined) throw internal('what it makes leaves out an address');
    }
  },
  'keepalived-vrrp.conf': (template) => {
    const paths = vrrpPaths('/lib');
    for (const instance of instances()) {
      const text = renderVrrpConfig(template, instance, paths);
      requireIn(text, [paths.checkScript, paths.notifyScript, ...instance.vips.map(({ ip }) => ip.text)]);
    }
  },
};

function requireIn(text: string, words: readonly string[]): void {
  const missing = words.find((word) => !text.includes(word));
  if (missing !== undefined) throw internal(`what it makes does not hold "${missing}", which it was shown`);
}

function interfaces(): readonly WantedInterface[] {
  const least = { name: 'eth9', addresses: [], movingAddresses: [], routes: [], rules: [], masquerade: [] };
  const own = { ip: ip('192.0.2.5'), prefix: 24 };
  const routes = [
    { destination: cidr('192.0.2.0/24'), source: own.ip, table: 1 as const },
    { destination: cidr('0.0.0.0/0'), gateway: ip('192.0.2.1'), table: 'main' as const, isOnLink: true },
  ];
  const most = {
    ...least,
    mtu: 1450,
    addresses: [own, { ip: ip('2001:db8::5'), prefix: 64 }],
    movingAddresses: [{ ip: ip('192.0.2.9'), prefix: 32 }],
    routes,
    rules: [{ from: own.ip }],
    masquerade: [4, 6] as const,
  };
  return [least, most];
}

function instances(): readonly VrrpInstance[] {
  const least = {
    name: 'VI_1',
    routerId: 'trial',
    interfaceName: 'eth9',
    virtualRouterId: 1,
    priority: 100,
    advertMs: defaultAdvertMs,
    source: undefined,
    peers: [],
    vips: [{ ip: ip('192.0.2.9'), prefixLength: 24 }],
    authPass: undefined,
    check: defaultCheckTiming,
  };
  const gateway = ip('192.0.2.1');
  const hostRoutes = [{ destination: '198.51.100.0/24', nexthop: gateway }];
  const vip = { ip: ip('192.0.2.9'), prefixLength: 24, network: '192.0.2.0/24', gateway, hostRoutes };
  const excluded = { ip: ip('2001:db8::9'), prefixLength: 64 };
  const most = {
    source: ip('192.0.2.5'),
    peers: [ip('192.0.2.6')],
    vips: [vip, excluded],
    authPass: 'trial',
  };
  return [least, { ...least, ...most }];
}

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw internal(`${text} is no address`);
  return parsed;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw internal(`${text} is no subnet`);
  return parsed;
}
