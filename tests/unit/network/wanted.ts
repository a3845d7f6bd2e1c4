// Interfaces as tests want them, short to write.

import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { createNetwork } from '../../../agent/network/plug';
import { parseCidr, type Cidr } from '../../../agent/model/cidr';
import { parseIp, type Ip } from '../../../agent/model/ip';
import {
  parseMac,
  type InterfaceAddress,
  type Mac,
  type WantedInterface,
} from '../../../agent/model/network';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedNetwork } from '../../fakes/scripted-network';
import { createScriptedRunner } from '../../fakes/scripted-runner';

export const namespace = 'amphora-haproxy';
export const vipMac = mac('fa:16:3e:00:00:01');

/** Parses what a test writes. */
export function ip(text: string): Ip {
  return known(text, parseIp(text));
}

/** Parses what a test writes. */
export function net(text: string): Cidr {
  return known(text, parseCidr(text));
}

/** Parses what a test writes. */
export function mac(text: string): Mac {
  return known(text, parseMac(text));
}

/** Parses `ADDRESS/PREFIX`. */
export function address(text: string): InterfaceAddress {
  const [host = '', prefix] = text.split('/');
  return { ip: ip(host), prefix: Number(prefix) };
}

/** An interface that wants nothing but what is said. */
export function wantedInterface(some: Partial<WantedInterface> = {}): WantedInterface {
  const nothing = { addresses: [], movingAddresses: [], routes: [], rules: [], masquerade: [] };
  return { name: 'eth1', ...nothing, ...some };
}

/** A VIP port of both families. */
export function vipWanted(): WantedInterface {
  return wantedInterface({
    mtu: 1450,
    addresses: ['10.0.0.4/24', '10.0.0.10/32', '2001:db8::10/128'].map(address),
    routes: [
      { destination: net('0.0.0.0/0'), gateway: ip('10.0.0.1'), isOnLink: true, table: 'main' },
      { destination: net('10.0.0.0/24'), table: 'main' },
      { destination: net('0.0.0.0/0'), gateway: ip('10.0.0.1'), isOnLink: true, table: 1 },
      { destination: net('10.0.0.0/24'), source: ip('10.0.0.10'), table: 1 },
      {
        destination: net('192.0.2.0/24'),
        gateway: ip('10.0.0.9'),
        isOnLink: true,
        table: 'main',
        isOptional: true,
      },
      { destination: net('::/0'), gateway: ip('2001:db8::1'), isOnLink: true, table: 'main' },
    ],
    rules: [{ from: ip('10.0.0.10') }, { from: ip('2001:db8::10') }],
    masquerade: [4, 6],
  });
}

/** What the namespace shows once `vipWanted` is plugged. */
export const vipPlugged = [
  'lo mtu 65536 up',
  'eth1 mtu 1450 up 10.0.0.4/24 10.0.0.10/32 2001:db8::10/128',
  'route 0.0.0.0/0 via 10.0.0.1 dev eth1',
  'route 0.0.0.0/0 via 10.0.0.1 dev eth1 table 1',
  'route 10.0.0.0/24 dev eth1 src 10.0.0.10 table 1',
  'route 192.0.2.0/24 via 10.0.0.9 dev eth1',
  'route ::/0 via 2001:db8::1 dev eth1',
  'rule from 10.0.0.10/32 table 1',
  'rule from 2001:db8::10/128 table 1',
  'nft ip amphora_lvs_eth1',
  'nft ip6 amphora_lvs_eth1',
];

/** A network over a scripted machine that has a VIP port, up and with an address, in the agent's namespace. */
export function scriptedNetwork(inNamespace = namespace, namespaceUnit?: string) {
  const machine = createScriptedNetwork();
  const runner = createScriptedRunner([machine.rule]);
  const log = createRecordedLog();
  machine.addLink({ name: 'ens7', mac: vipMac, mtu: 1400, isUp: true, addresses: ['192.0.2.7/24'] });
  const network = createNetwork({
    runner,
    log,
    namespace: inNamespace,
    namespaceUnit,
    ownPid: 77,
    templates: builtInTemplates,
  });
  /** What changed something, without `ip -j -n NAMESPACE`. */
  const changes = (): readonly string[] =>
    runner.transcript
      .filter((line) => / (add|del|set|replace) /.test(line))
      .map((line) => line.replace(/^ip -j (?:-n \S+ )?/, ''));
  return { machine, runner, log, network, changes };
}

function known<T>(text: string, parsed: T | undefined): T {
  if (parsed === undefined) throw new Error(`not understood: ${text}`);
  return parsed;
}
