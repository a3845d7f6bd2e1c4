// What haproxy needs of the machine: its binary, file descriptors, the network namespace.
// Source: DESIGN "haproxy processes", proc_pid_limits(5), ip-netns(8).

import type { Finding } from '../../model/finding';
import { isAgentError } from '../../model/errors';
import { found, type Check, type Patient } from './check';

// Two for each of the 50,000 connections that Octavia's configurations allow, and some for itself.
const wantedDescriptors = 100_029;
const oldestVersion = [2, 6] as const;
const oldestMajor = 2;

export const machineChecks: readonly Check[] = [
  { name: 'haproxy', look: haproxy },
  { name: 'descriptors', look: descriptors },
  { name: 'namespace', look: namespace },
];

async function haproxy({ config, host }: Patient): Promise<readonly Finding[]> {
  const binary = config.haproxy_amphora.haproxy_cmd;
  const said = await versionOf(binary, host.runner);
  const [, version = '', major, minor] = /^HA-?Proxy version ((\d+)\.(\d+)\S*)/m.exec(said) ?? [];
  if (version === '') {
    return [
      found('haproxy', 'error', {
        what: `${binary} -v does not answer as haproxy does`,
        why: 'No configuration can be checked, and no listener started.',
        todo: 'Install haproxy 2.6 or newer, or set [haproxy_amphora] haproxy_cmd to its path.',
      }),
    ];
  }
  const isOld = Number(major) < oldestVersion[0] || (Number(major) === 2 && Number(minor) < oldestVersion[1]);
  return isOld
    ? [
        found('haproxy', Number(major) < oldestMajor ? 'error' : 'warning', {
          what: `${binary} is version ${version}`,
          why: 'The agent reads the answers of 2.6 and newer; reloads may not be seen to succeed.',
          todo: 'Upgrade haproxy, then restart the listeners.',
        }),
      ]
    : [];
}

async function versionOf(binary: string, runner: Patient['host']['runner']): Promise<string> {
  try {
    return (await runner.run([binary, '-v'], { timeoutMs: 5_000 })).stdout;
  } catch (thrown) {
    if (isAgentError(thrown)) return '';
    throw thrown;
  }
}

/** The limit of the agent that runs, else of this process: an agent that is started now would get the same. */
async function descriptors({ agent, host }: Patient): Promise<readonly Finding[]> {
  const text = await host.files.readHostText(`/proc/${agent?.pid ?? 'self'}/limits`);
  const hard = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(text ?? '')?.[1];
  if (hard === undefined || hard === 'unlimited' || Number(hard) >= wantedDescriptors) return [];
  return [
    found('descriptors', 'warning', {
      what: `The hard limit of open files is ${hard}; Octavia's default of 50,000 connections wants ${wantedDescriptors}`,
      why: 'haproxy serves fewer connections than its configuration says, and then refuses new ones.',
      todo: 'Start the agent with a higher limit: LimitNOFILE= in its unit, ulimit -Hn, or --ulimit nofile=.',
    }),
  ];
}

async function namespace({ config, host }: Patient): Promise<readonly Finding[]> {
  const name = config.amphorad.network_namespace ?? '';
  if (name === '' || (await host.files.stat(`/run/netns/${name}`)) !== undefined) return [];
  return [
    found('namespace', 'error', {
      what: `The network namespace ${name} does not exist`,
      why: 'haproxy is started in it: starts and addresses are refused with 503.',
      todo: `ip netns add ${name} && ip -n ${name} link set lo up; or set network_namespace to nothing in the local file.`,
    }),
  ];
}
