// What is wrong with a VRRP configuration although keepalived takes it: it never moves the address, or leaves the
// amphora unprotected. For files that people wrote. Source: contract/vrrp.md sections 1 to 3 and 5.

import type { Files } from '../host/files';
import type { Finding } from '../model/finding';
import { lintFinding } from './vrrp-lint-finding';
import { lintScripts } from './vrrp-lint-scripts';
import {
  readVrrpConfig,
  weightOf,
  type ConfiguredInstance,
  type VrrpConfig,
  type VrrpScript,
} from './vrrp-config';

const longestPassword = 8;

/** Finds the faults of one configuration. The scripts that it names are looked at, too. */
export async function lintVrrp(text: string, files: Files): Promise<readonly Finding[]> {
  const config = readVrrpConfig(text);
  if (config.instances.length === 0) return [nothingToDo];
  return [
    ...globals(config),
    ...config.scripts.flatMap(timing),
    ...config.instances.flatMap((instance) => [
      ...identity(instance, config),
      ...election(instance),
      ...weights(instance, config),
      ...tracking(instance, config),
      ...password(instance),
      ...families(instance),
    ]),
    ...(await lintScripts(config, files)),
  ];
}

const nothingToDo = lintFinding('instance', 'error', {
  what: 'There is no vrrp_instance',
  why: 'keepalived then starts, says nothing is wrong, and holds no address.',
  todo: 'Add a vrrp_instance; amphorad vrrp preview prints a whole configuration.',
});

function globals({ globals: settings, scripts: all }: VrrpConfig): readonly Finding[] {
  const findings: Finding[] = [];
  const missing = ['script_user', 'enable_script_security'].filter((keyword) => !settings.has(keyword));
  if (all.length > 0 && missing.length > 0) {
    findings.push(
      lintFinding('script-security', 'error', {
        what: `global_defs has no ${missing.join(' and no ')}`,
        why: 'keepalived drops scripts without an account (there is no keepalived_script on Debian), and runs unsafe ones without the check.',
        todo: 'Put script_user root and enable_script_security first in the file: a reload reads from the top.',
      }),
    );
  }
  if (settings.has('vrrp_strict')) {
    findings.push(
      lintFinding('strict', 'error', {
        what: 'vrrp_strict is set',
        why: 'It drops packets for the address, refuses passwords and accept, and needs nftables.',
        todo: 'Remove it.',
      }),
    );
  }
  return findings;
}

function timing({ name, line, intervalS, timeoutS }: VrrpScript): readonly Finding[] {
  if (timeoutS === undefined || timeoutS <= intervalS) return [];
  return [
    lintFinding('timing', 'warning', {
      what: `line ${line}: ${name} may take ${timeoutS} s and runs every ${intervalS} s`,
      why: 'A check that hangs delays the next one, and with it the move of the address.',
      todo: 'Set timeout to the interval or less.',
    }),
  ];
}

function identity(instance: ConfiguredInstance, { instances }: VrrpConfig): readonly Finding[] {
  const { line, name, virtualRouterId: id, interfaceName } = instance;
  const isTaken = instances.some(
    (other) => other.line < line && other.virtualRouterId === id && other.interfaceName === interfaceName,
  );
  if (id !== undefined && Number.isInteger(id) && id >= 1 && id <= 255 && !isTaken) return [];
  const fault = id === undefined ? 'has no virtual_router_id' : `has the virtual_router_id ${id}`;
  return [
    lintFinding('vrid', 'error', {
      what: `line ${line}: ${name} ${fault}${isTaken ? ', as another instance of this file' : ''}`,
      why: 'It names the group on its network: 1 to 255, the same on both amphorae, and no other group’s.',
      todo: 'Choose one that nothing else on this network uses.',
    }),
  ];
}

function election({ line, name, nopreempt, initialState, priority }: ConfiguredInstance): readonly Finding[] {
  const findings: Finding[] = [];
  if (nopreempt && initialState === 'MASTER') {
    findings.push(
      lintFinding('nopreempt-state', 'warning', {
        what: `line ${line}: ${name} has nopreempt and state MASTER`,
        why: 'keepalived clears nopreempt then: the address goes back as soon as this amphora returns.',
        todo: 'Set state BACKUP on both: the priority says who begins.',
      }),
    );
  }
  if (priority === 255) {
    findings.push(
      lintFinding('priority', 'warning', {
        what: `line ${line}: ${name} has the priority 255`,
        why: 'That is the owner of the address, which never gives it up.',
        todo: 'Set 1 to 254, another one on the peer.',
      }),
    );
  }
  return findings;
}

function weights(instance: ConfiguredInstance, { scripts: all }: VrrpConfig): readonly Finding[] {
  const { line, name, nopreempt, priority = 100 } = instance;
  return instance.trackedScripts.flatMap((tracked) => {
    const weight = weightOf(
      tracked,
      all.find((script) => script.name === tracked.name),
    );
    if (weight === 0) return [];
    const what = `line ${line}: ${name} tracks ${tracked.name} with weight ${weight}`;
    const todo = 'Remove the weight: a check that fails then means FAULT, and the peer takes over.';
    if (nopreempt) {
      return [
        lintFinding('nopreempt-weight', 'error', {
          what: `${what}, and has nopreempt`,
          why: 'The peer does not preempt a master whose priority has sunk: the address never moves.',
          todo,
        }),
      ];
    }
    const left = weight < 0 ? priority + weight : priority;
    return [
      lintFinding('weight', Math.abs(weight) <= 10 ? 'error' : 'warning', {
        what: `${what}: when the check fails its priority is ${left} instead of ${left + Math.abs(weight)}`,
        why: `The address moves only to a peer whose priority is over ${left} and under ${left + Math.abs(weight)}: the weight must be more than the difference between both.`,
        todo,
      }),
    ];
  });
}

function tracking(
  { line, name, trackedScripts }: ConfiguredInstance,
  config: VrrpConfig,
): readonly Finding[] {
  if (trackedScripts.length === 0) {
    return [
      lintFinding('track-script', 'error', {
        what: `line ${line}: ${name} has no track_script`,
        why: 'An haproxy that dies or hangs keeps the address.',
        todo: 'Track a vrrp_script that asks haproxy.',
      }),
    ];
  }
  const known = new Set(config.scripts.map((script) => script.name));
  return trackedScripts
    .filter((tracked) => !known.has(tracked.name))
    .map((tracked) =>
      lintFinding('track-script', 'error', {
        what: `line ${line}: ${name} tracks ${tracked.name}, and there is no such vrrp_script`,
        why: 'keepalived ignores it and goes on unprotected.',
        todo: 'Define it, or correct the name.',
      }),
    );
}

function password(instance: ConfiguredInstance): readonly Finding[] {
  const { line, name, authPass } = instance;
  if (authPass === undefined) return [];
  const isV3 =
    instance.version === 3 || !Number.isInteger(instance.advertS) || instance.peers[0]?.includes(':');
  if (isV3 === true) {
    return [
      lintFinding('password', 'warning', {
        what: `line ${line}: ${name} has a password and speaks VRRPv3`,
        why: 'VRRPv3 has none: it is ignored.',
        todo: 'Remove authentication; who may send VRRP is the firewall’s business.',
      }),
    ];
  }
  if (authPass.length <= longestPassword) return [];
  return [
    lintFinding('password', 'warning', {
      what: `line ${line}: the password of ${name} has ${authPass.length} characters`,
      why: `keepalived cuts it at ${longestPassword}, and its test then exits with 5. It is sent in clear text anyway.`,
      todo: `Use ${longestPassword} characters or fewer.`,
    }),
  ];
}

function families({ line, name, addresses }: ConfiguredInstance): readonly Finding[] {
  const inside = new Set(addresses.filter(({ isExcluded }) => !isExcluded).map(({ ip }) => ip.family));
  if (inside.size < 2) return [];
  return [
    lintFinding('family', 'error', {
      what: `line ${line}: ${name} has IPv4 and IPv6 in virtual_ipaddress`,
      why: 'keepalived takes one family there and drops the addresses of the other.',
      todo: 'Put the other family into virtual_ipaddress_excluded.',
    }),
  ];
}
