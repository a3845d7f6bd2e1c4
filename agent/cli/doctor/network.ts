// The network of the amphora: what it takes to plug ports, and whether those on record are as they were plugged. Held
// against the planner of the agent itself: what it would still do is what is missing. Sources: capabilities(7),
// proc_pid_status(5).

import { join } from 'node:path';
import { AgentError, isAgentError } from '../../model/errors';
import type { Finding } from '../../model/finding';
import { vipInterface } from '../../model/network';
import { readActual, type ActualNetwork } from '../../network/actual';
import { createIpCommand } from '../../network/ip';
import type { PluggedInterface } from '../../network/network';
import { createInterfaceReader } from '../../network/persist';
import { plan } from '../../network/plan';
import { othersThan, targetOf } from '../../network/target';
import { found, printedBy, type Check, type Patient } from './check';

export const networkChecks: readonly Check[] = [
  { name: 'network-tools', look: tools },
  { name: 'network-rights', look: rights },
  { name: 'interfaces', look: interfaces },
  { name: 'network-settings', look: settings, mend: setThem },
];

const mostSteps = 5;
const timeoutMs = 5_000;
const wantedTools: readonly (readonly [argv: readonly string[], package_: string, without: string])[] = [
  [['ip', '-V'], 'iproute2', 'No port can be plugged.'],
  [['nft', '--version'], 'nftables', 'No port can be plugged, and no interface rules loaded.'],
  [['sysctl', '--version'], 'procps', 'The namespace is without the settings that VIPs and LVS need.'],
  [['arping', '-V'], 'iputils-arping', 'Neighbours learn late where an IPv4 address is now.'],
  [['ndptool', '-h'], 'libndp-tools', 'Neighbours learn late where an IPv6 address is now.'],
];
// Bits of capabilities(7): CAP_NET_ADMIN to plug, CAP_SYS_ADMIN to enter a namespace.
const wantedRights = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;
const wantedSettings = [
  'net.ipv4.ip_nonlocal_bind',
  'net.ipv6.ip_nonlocal_bind',
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
] as const;

function namespaceOf({ config }: Patient): string {
  return config.amphorad.network_namespace ?? '';
}

async function hasNamespace(patient: Patient): Promise<boolean> {
  const name = namespaceOf(patient);
  return name !== '' && (await patient.host.files.stat(`/run/netns/${name}`)) !== undefined;
}

async function tools(patient: Patient): Promise<readonly Finding[]> {
  if (namespaceOf(patient) === '') return [];
  const all: Finding[] = [];
  for (const [argv, packageName, why] of wantedTools) {
    if (await canStart(patient, argv)) continue;
    const what = `${argv[0] ?? ''} cannot be started`;
    all.push(found('network-tools', 'error', { what, why, todo: `apt-get install ${packageName}` }));
  }
  return all;
}

async function canStart({ host }: Patient, argv: readonly string[]): Promise<boolean> {
  try {
    await host.runner.run(argv, { timeoutMs });
    return true;
  } catch (thrown) {
    if (isAgentError(thrown, 'unavailable')) return false;
    throw thrown;
  }
}

/** Of the agent that runs, else of this process: an agent that is started now would get the same. */
async function rights(patient: Patient): Promise<readonly Finding[]> {
  if (namespaceOf(patient) === '') return [];
  const { agent, host } = patient;
  const status = (await host.files.readHostText(`/proc/${agent?.pid ?? 'self'}/status`)) ?? '';
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (hex === undefined) return [];
  const effective = BigInt(`0x${hex}`);
  const missing = Object.entries(wantedRights).filter(([, bit]) => ((effective >> bit) & 1n) === 0n);
  if (missing.length === 0) return [];
  return [
    found('network-rights', 'error', {
      what: `The agent has no ${missing.map(([name]) => name).join(' and no ')}`,
      why: 'It can neither enter the namespace nor plug ports into it.',
      todo: 'Run it as root, or let its unit or container keep these capabilities; or set network_namespace to nothing in the local file, and plug nothing.',
    }),
  ];
}

async function interfaces(patient: Patient): Promise<readonly Finding[]> {
  const { config, host } = patient;
  const records = createInterfaceReader({
    files: host.files,
    basePath: config.haproxy_amphora.base_path,
    networkDirectory: config.amphora_agent.agent_server_network_dir,
  });
  const { interfaces: recorded, problems } = await records.read();
  const spoiled = problems.map((what) =>
    found('interfaces', 'error', {
      what,
      why: 'That is not brought back at the next start.',
      todo: `Correct the file, or remove its line from ${join(config.haproxy_amphora.base_path, 'plugged_interfaces')} and have the controller plug the port again.`,
    }),
  );
  if (recorded.length === 0) return spoiled;
  if (namespaceOf(patient) === '') return [...spoiled, unplugged(recorded)];
  if (!(await hasNamespace(patient))) return spoiled;
  const actual = await readActual(createIpCommand(host.runner, namespaceOf(patient)));
  return [...spoiled, ...loopback(actual), ...recorded.flatMap((each) => deviations(actual, each))];
}

function unplugged(recorded: readonly PluggedInterface[]): Finding {
  return found('interfaces', 'warning', {
    what: `${recorded.length} interfaces are on record, and network_namespace is empty`,
    why: 'This profile has no namespace: it plugs nothing, and brings nothing back.',
    todo: 'Set network_namespace in the local file, or remove plugged_interfaces.',
  });
}

function loopback({ interfaces: all }: ActualNetwork): readonly Finding[] {
  if (all.some(({ name, isUp }) => name === 'lo' && isUp)) return [];
  return [
    found('interfaces', 'error', {
      what: 'lo is down in the namespace',
      why: 'What talks to itself there fails: the prometheus proxy, and checks of local members.',
      todo: 'amphorad network restore, or restart the agent.',
    }),
  ];
}

function deviations(actual: ActualNetwork, { mac, wanted }: PluggedInterface): readonly Finding[] {
  // Addresses that the agent did not give may be keepalived's.
  const others = othersThan(actual, wanted.name, wanted.addresses);
  const steps = plan(actual, targetOf(wanted, others));
  // A tenant's route that the kernel refuses stays out: that is no trouble of the amphora's.
  const left = steps?.filter(({ isOptional }) => !isOptional);
  if (left?.length === 0) return [];
  const shown = left?.slice(0, mostSteps).map(({ argv }) => `ip ${argv.join(' ')}`);
  const what =
    shown === undefined
      ? `${wanted.name} (${mac}) is not in the namespace`
      : `${wanted.name} (${mac}) is not as it was plugged, ${left?.length ?? 0} steps away: ${shown.join('; ')}`;
  return [
    found('interfaces', wanted.name === vipInterface ? 'error' : 'warning', {
      what,
      why: 'Its VIPs or members may not be reached.',
      todo: 'amphorad network restore, or restart the agent. A port that was detached for good: remove its line from plugged_interfaces.',
    }),
  ];
}

function inNamespace(patient: Patient): readonly string[] {
  return ['ip', 'netns', 'exec', namespaceOf(patient)];
}

async function wrongSettings(patient: Patient): Promise<readonly string[]> {
  if (!(await hasNamespace(patient))) return [];
  const wrong: string[] = [];
  for (const key of wantedSettings) {
    const value = await printedBy(patient, [...inNamespace(patient), 'sysctl', '-n', key]);
    if (value === '0') wrong.push(key);
  }
  return wrong;
}

async function setThem(patient: Patient): Promise<readonly string[]> {
  const done: string[] = [];
  for (const key of await wrongSettings(patient)) {
    const argv = [...inNamespace(patient), 'sysctl', '-q', '-w', `${key}=1`];
    const { code, stderr } = await patient.host.runner.run(argv, { timeoutMs });
    if (code !== 0) throw new AgentError('unavailable', `${key} cannot be set`, { detail: stderr.trim() });
    done.push(`set ${key} to 1 in the namespace`);
  }
  return done;
}

async function settings(patient: Patient): Promise<readonly Finding[]> {
  const wrong = (await wrongSettings(patient)).map((key) => `${key} = 0`);
  if (wrong.length === 0) return [];
  return [
    found('network-settings', 'warning', {
      what: `In the namespace: ${wrong.join(', ')}`,
      why: 'haproxy cannot bind a VIP that the other half of a pair has, or LVS forwards nothing.',
      todo: 'amphorad doctor --fix, amphorad network restore, or restart the agent: all set them to 1.',
    }),
  ];
}
