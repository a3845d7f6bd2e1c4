// The pair's keepalived: installed, and configured so that the address really moves. What a running one does the agent
// itself tells. Source: contract/vrrp.md, sections 1, 3 and 7.

import { addressesOf } from '../../keepalived/vrrp-addresses';
import { lintVrrp } from '../../keepalived/vrrp-lint';
import { vrrpLiveText } from '../../keepalived/vrrp-live';
import { vrrpPaths } from '../../keepalived/vrrp-paths';
import { isAgentError } from '../../model/errors';
import type { Finding } from '../../model/finding';
import { carriedAmong, createCarriedAddresses } from '../../network/carried';
import { createNamespaceCommand } from '../../network/in-namespace';
import { createIpCommand } from '../../network/ip';
import { found, type Check, type Patient } from './check';

const oldestVersion = [2, 2] as const;

export const pairChecks: readonly Check[] = [
  { name: 'keepalived', look: keepalived },
  { name: 'vrrp-process', look: processAlive },
  { name: 'vrrp-configuration', look: configuration },
  { name: 'vrrp-duplicate', look: duplicates },
];

async function storedText({ config, host }: Patient): Promise<string | undefined> {
  return host.files.readText(vrrpPaths(config.haproxy_amphora.base_path).config);
}

/** Only where there is a pair: nothing else needs it. */
async function keepalived(patient: Patient): Promise<readonly Finding[]> {
  if ((await storedText(patient)) === undefined) return [];
  const said = await versionOf(patient);
  const [, version = '', major, minor] = /^Keepalived v((\d+)\.(\d+)\S*)/m.exec(said) ?? [];
  if (version === '') {
    return [
      found('keepalived', 'error', {
        what: 'keepalived -v does not answer as keepalived does',
        why: 'This half of the pair can neither have the VIP nor be brought back.',
        todo: 'Install keepalived 2.2 or newer.',
      }),
    ];
  }
  const isOld =
    Number(major) < oldestVersion[0] ||
    (Number(major) === oldestVersion[0] && Number(minor) < oldestVersion[1]);
  if (!isOld) return [];
  return [
    found('keepalived', 'warning', {
      what: `keepalived is version ${version}`,
      why: 'The agent reads the words of 2.2 and newer: a reload may not be seen to succeed.',
      todo: 'Upgrade keepalived, then reload it.',
    }),
  ];
}

async function versionOf({ host }: Patient): Promise<string> {
  try {
    const { stdout, stderr } = await host.runner.run(['keepalived', '-v'], { timeoutMs: 5_000 });
    return `${stderr}${stdout}`;
  } catch (thrown) {
    if (isAgentError(thrown)) return '';
    throw thrown;
  }
}

/** What keepalived was told to read, else what it would be. */
async function liveText(patient: Patient): Promise<string | undefined> {
  const paths = vrrpPaths(patient.config.haproxy_amphora.base_path);
  const stored = await storedText(patient);
  if (stored === undefined) return undefined;
  return (await patient.host.files.readText(paths.live)) ?? vrrpLiveText(stored, paths).text;
}

async function processAlive(patient: Patient): Promise<readonly Finding[]> {
  const { config, host } = patient;
  if ((await storedText(patient)) === undefined) return [];
  const { pidFile } = vrrpPaths(config.haproxy_amphora.base_path);
  const pid = Number((await host.files.readText(pidFile))?.trim());
  const seen = Number.isInteger(pid) && pid > 1 ? await host.runner.identify(pid) : undefined;
  // The kernel may have given its pid to another.
  if (seen?.name === 'keepalived' && seen.state !== 'Z') return [];
  return [
    found('vrrp-process', 'error', {
      what: 'keepalived is configured and does not run',
      why: 'This amphora does not take the VIP, and its agent sends no heartbeats: a controller fails it over.',
      todo: 'Start it: PUT /1.0/vrrp/start, or POST /v0.1/topology again; octavia-keepalived.log says why it ended.',
    }),
  ];
}

async function configuration(patient: Patient): Promise<readonly Finding[]> {
  const text = await liveText(patient);
  const faults = text === undefined ? [] : await lintVrrp(text, patient.host.files);
  // Scripts have a check of their own.
  return faults.filter(({ check }) => check !== 'vrrp-script');
}

/** Only who has an address can find that somebody else answers for it, too. IPv6 finds that out by itself. */
async function duplicates(patient: Patient): Promise<readonly Finding[]> {
  const text = await liveText(patient);
  if (text === undefined) return [];
  const { runner } = patient.host;
  const namespace = patient.config.amphorad.network_namespace ?? '';
  const carried = await createCarriedAddresses(
    createIpCommand(runner, namespace),
    createNamespaceCommand(runner, namespace),
  ).list();
  const own = carriedAmong(carried, addressesOf([text])).filter(({ ip }) => ip.family === 4);
  const through = namespace === '' ? [] : ['ip', 'netns', 'exec', namespace];
  const all: Finding[] = [];
  for (const { ip, interfaceName } of own) {
    const ask = ['arping', '-D', '-q', '-c', '2', '-w', '2', '-I', interfaceName, ip.text];
    const { code, stderr } = await runner.run([...through, ...ask], { timeoutMs: 5_000 });
    // 1 also for what arping cannot do: then it says so.
    if (code === 1 && stderr.trim() === '') all.push(duplicate(ip.text, interfaceName));
  }
  return all;
}

function duplicate(address: string, interfaceName: string): Finding {
  return found('vrrp-duplicate', 'error', {
    what: `${address} is on ${interfaceName}, and somebody else on its network answers for it`,
    why: 'Both halves think that they are MASTER, or a static address is the same: connections go to either, and break.',
    todo: 'See that VRRP (IP protocol 112) gets from one to the other, and that virtual_router_id and password are equal.',
  });
}
