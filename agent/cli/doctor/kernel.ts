// What the kernel must offer: its version, namespaces, nftables, IPVS where UDP listeners want it, and the settings that
// bound how much haproxy can take. Sources: socket(7) SO_REUSEPORT (3.9), ip-sysctl of the kernel, namespaces(7).

import { isAgentError } from '../../model/errors';
import type { Finding } from '../../model/finding';
import { found, type Check, type Patient } from './check';
import { hasUdpListeners } from './keepalived-use';

export const kernelChecks: readonly Check[] = [
  { name: 'kernel', look: kernel, remark: ipvsRemark },
  { name: 'kernel-settings', look: settings },
];

const oldest = [3, 9] as const;

interface Bound {
  readonly key: string;
  /** The smallest value that is no trouble. */
  readonly least: number;
  readonly why: string;
}

// Far below what images of Octavia set (65534, 100000, 2097152): only what hurts is told.
const bounds: readonly Bound[] = [
  {
    key: 'net.core.somaxconn',
    least: 1_024,
    why: 'Connections are refused in a burst: the queue of each listener holds no more.',
  },
  {
    key: 'net.ipv4.tcp_max_syn_backlog',
    least: 128,
    why: 'Connections that begin at once are dropped, and clients wait for their second try.',
  },
  {
    key: 'fs.nr_open',
    least: 100_029,
    why: 'No process may open more files: haproxy serves fewer connections than its configuration says.',
  },
];
const fewestLocalPorts = 10_000;

async function kernel(patient: Patient): Promise<readonly Finding[]> {
  const { files } = patient.host;
  const all: Finding[] = [];
  const release = (await files.readHostText('/proc/sys/kernel/osrelease'))?.trim() ?? '';
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  const isOld = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
  if (major !== undefined && isOld) {
    all.push(
      missing(
        `The kernel is ${release}, older than 3.9`,
        'It has no SO_REUSEPORT: a reload of haproxy loses connections.',
        'Boot a newer kernel.',
      ),
    );
  }
  const namespace = patient.config.amphorad.network_namespace ?? '';
  if (namespace !== '' && (await files.stat('/proc/self/ns/net')) === undefined) {
    all.push(
      missing(
        'The kernel has no network namespaces',
        `The namespace ${namespace} cannot exist: no port can be plugged.`,
        'Boot a kernel with CONFIG_NET_NS, or set network_namespace to nothing in the local file.',
      ),
    );
  }
  if (namespace !== '' && (await nftFails(patient, namespace))) {
    all.push(
      missing(
        'nft list tables fails: the kernel has no nf_tables, or this user may not use it',
        'Interface rules and masquerading cannot be loaded: plugs are refused.',
        'modprobe nf_tables, and run the doctor as root.',
      ),
    );
  }
  if ((await hasUdpListeners(patient)) && !(await hasIpvs(patient))) {
    all.push(
      missing(
        'There are UDP listeners, and the kernel has no ip_vs',
        'UDP and SCTP listeners are balanced by the kernel: none of them serves.',
        'modprobe ip_vs; in a container, on its host.',
      ),
    );
  }
  return all;
}

function missing(what: string, why: string, todo: string): Finding {
  return found('kernel', 'error', { what, why, todo });
}

/** Only where there is a namespace to look into; what is missing altogether is another check's. */
async function nftFails({ host }: Patient, namespace: string): Promise<boolean> {
  if ((await host.files.stat(`/run/netns/${namespace}`)) === undefined) return false;
  try {
    const argv = ['ip', 'netns', 'exec', namespace, 'nft', 'list', 'tables'];
    return (await host.runner.run(argv, { timeoutMs: 5_000 })).code !== 0;
  } catch (thrown) {
    if (isAgentError(thrown, 'unavailable')) return false;
    throw thrown;
  }
}

async function hasIpvs({ host }: Patient): Promise<boolean> {
  if ((await host.files.stat('/proc/net/ip_vs')) !== undefined) return true;
  return /^ip_vs /m.test((await host.files.readHostText('/proc/modules')) ?? '');
}

async function ipvsRemark(patient: Patient): Promise<string | undefined> {
  return (await hasIpvs(patient)) ? undefined : 'without ip_vs: no UDP or SCTP listeners';
}

async function settings(patient: Patient): Promise<readonly Finding[]> {
  const all: Finding[] = [];
  for (const { key, least, why } of bounds) {
    const value = Number(await settingOf(patient, key));
    if (Number.isNaN(value) || value >= least) continue;
    all.push(low(`${key} is ${value}, below ${least}`, why, `sysctl -w ${key}=${least}`));
  }
  const range = (await settingOf(patient, 'net.ipv4.ip_local_port_range'))?.trim().split(/\s+/).map(Number);
  const [first = NaN, last = NaN] = range ?? [];
  if (last - first + 1 < fewestLocalPorts) {
    all.push(
      low(
        `net.ipv4.ip_local_port_range has ${last - first + 1} ports`,
        'haproxy needs one for each connection to a member: it runs out of them under load.',
        'sysctl -w net.ipv4.ip_local_port_range="15000 64999"',
      ),
    );
  }
  return all;
}

/** As this process sees it: settings of another namespace are that of `network-settings`. */
async function settingOf({ host }: Patient, key: string): Promise<string | undefined> {
  const text = await host.files.readHostText(`/proc/sys/${key.replaceAll('.', '/')}`);
  return text === undefined || text.trim() === '' ? undefined : text;
}

function low(what: string, why: string, todo: string): Finding {
  return found('kernel-settings', 'warning', { what, why, todo: `${todo}, and keep it in /etc/sysctl.d/.` });
}
