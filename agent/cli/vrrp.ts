// `amphorad vrrp lint FILE [FILE]`: what is wrong with a pair's configuration; `amphorad vrrp preview`: what the topology
// call would make, for both. Neither needs the agent, and nothing is changed. Source: contract/vrrp.md section 7.

import { loadConfig } from '../config/load';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import type { Files } from '../host/files';
import { invalidInput } from '../model/errors';
import type { Finding } from '../model/finding';
import { parseIp, type Ip } from '../model/ip';
import type { Role } from '../model/topology';
import type { Template } from '../model/template';
import { defaultAdvertMs, defaultCheckTiming, vrrpPriority, type VrrpInstance } from '../model/vrrp';
import { renderVrrpConfig } from '../keepalived/render';
import { lintVrrp } from '../keepalived/vrrp-lint';
import { lintVrrpPair } from '../keepalived/vrrp-lint-pair';
import { vrrpPaths } from '../keepalived/vrrp-paths';
import { virtualRouterIdOf } from '../keepalived/vrrp-secret';

export interface VrrpLintOptions {
  readonly paths: readonly string[];
  readonly json: boolean;
}

export interface VrrpPreviewOptions {
  readonly sources: ConfigSources;
  /** `ADDRESS/LENGTH`. */
  readonly haIp: string | undefined;
  readonly interfaceName: string | undefined;
  /** The address of this amphora, and that of its peer: unicast. */
  readonly source: string | undefined;
  readonly peer: string | undefined;
  /** Seconds. */
  readonly advertInterval: string | undefined;
}

export interface VrrpPreviewHost {
  readonly files: Files;
  /** The template in force, of this directory or built in. Throws `invalid-input`. */
  readonly readTemplate: (directory: string | undefined) => Promise<Template>;
}

export interface VrrpOutput {
  readonly text: string;
  readonly status: number;
}

/** Lints one configuration, or both of a pair. Status 0: all well; 1: errors; 2: only warnings. Throws `invalid-input` for a file that is not there. */
export async function runVrrpLint({ paths, json }: VrrpLintOptions, files: Files): Promise<VrrpOutput> {
  if (paths.length < 1 || paths.length > 2) throw invalidInput('amphorad vrrp lint needs one file or two');
  const texts: string[] = [];
  const outcomes: { readonly file: string; readonly findings: readonly Finding[] }[] = [];
  for (const path of paths) {
    const text = await files.readHostText(path);
    if (text === undefined) throw invalidInput('amphorad vrrp lint', `there is no file ${path}`);
    texts.push(text);
    outcomes.push({ file: path, findings: await lintVrrp(text, files) });
  }
  const [first, second] = texts;
  if (first !== undefined && second !== undefined)
    outcomes.push({ file: paths.join(' and '), findings: lintVrrpPair(first, second) });
  const all = outcomes.flatMap(({ findings }) => findings);
  const count = (severity: Finding['severity']): number =>
    all.filter((each) => each.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const text = json
    ? JSON.stringify({ ok: all.length === 0, errors, warnings, files: outcomes }, undefined, 2)
    : `${outcomes.map(render).join('\n')}\n\n${errors} errors, ${warnings} warnings`;
  return { text: `${text}\n`, status: errors > 0 ? 1 : warnings > 0 ? 2 : 0 };
}

function render({
  file,
  findings,
}: {
  readonly file: string;
  readonly findings: readonly Finding[];
}): string {
  if (findings.length === 0) return `ok       ${file}`;
  return findings
    .map(
      ({ check, severity, what, why, todo }) =>
        `${severity.padEnd(8)} ${file}: ${check}: ${what}\n         why: ${why}\n         do:  ${todo}`,
    )
    .join('\n');
}

/** Prints what both amphorae of a pair would get; the password, which comes from the secret, is left out. Throws `invalid-input` for an option that is no address, name or number. */
export async function runVrrpPreview(
  options: VrrpPreviewOptions,
  { files, readTemplate }: VrrpPreviewHost,
): Promise<VrrpOutput> {
  const loaded = await loadConfig(options.sources, files);
  if (!loaded.ok)
    throw invalidInput('the configuration is wrong', loaded.problems.map(formatProblem).join('; '));
  const { haproxy_amphora, amphorad } = loaded.config;
  const paths = vrrpPaths(haproxy_amphora.base_path);
  const template = await readTemplate(amphorad.template_dir);
  const parts = (['ACTIVE', 'STANDBY'] as const).map((role) => {
    const text = renderVrrpConfig(template, instanceFor(role, options), paths);
    return `# ${role}: ${paths.config}\n${text}`;
  });
  const ports = amphorad.vrrp_services.join(', ');
  const checked = `# ${paths.checkScript} asks every haproxy that should run${ports === '' ? '' : `, and wants in LISTEN: ${ports}`}.\n`;
  const secret = '# The password is derived from the secret of the topology call, and not shown.\n';
  return { text: `${parts.join('\n')}\n${checked}${secret}`, status: 0 };
}

function instanceFor(role: Role, options: VrrpPreviewOptions): VrrpInstance {
  const { haIp, interfaceName } = options;
  if (haIp === undefined || interfaceName === undefined)
    throw invalidInput('amphorad vrrp preview needs --ha-ip and --interface');
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,14}$/.test(interfaceName))
    throw invalidInput('--interface', 'expected the name of an interface');
  const [address = '', length = ''] = haIp.split('/');
  const ip = addressOf('--ha-ip', address);
  const most = ip.family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(length) || Number(length) > most)
    throw invalidInput('--ha-ip', `expected ADDRESS/LENGTH, the length 0 to ${most}`);
  const own = options.source === undefined ? undefined : addressOf('--source', options.source);
  const peer = options.peer === undefined ? undefined : addressOf('--peer', options.peer);
  if ((own === undefined) !== (peer === undefined))
    throw invalidInput('--source and --peer', 'are given together: each is the other’s peer');
  const advertMs = advertMsOf(options.advertInterval);
  const [source, other] = role === 'ACTIVE' ? [own, peer] : [peer, own];
  return {
    name: 'amphora',
    routerId: role.toLowerCase(),
    interfaceName,
    virtualRouterId: virtualRouterIdOf(ip),
    priority: vrrpPriority(role, advertMs),
    advertMs,
    source,
    peers: other === undefined ? [] : [other],
    vips: [{ ip, prefixLength: Number(length) }],
    authPass: undefined,
    check: defaultCheckTiming,
  };
}

function addressOf(option: string, text: string): Ip {
  const ip = parseIp(text);
  if (ip === undefined || ip.zone !== undefined) throw invalidInput(option, 'expected an IP address');
  return ip;
}

function advertMsOf(text: string | undefined): number {
  if (text === undefined) return defaultAdvertMs;
  const ms = Math.round(Number(text) * 100) * 10;
  if (!/^\d{1,2}(?:\.\d{1,2})?$/.test(text) || ms < 100 || ms > 40_000)
    throw invalidInput('--advert-interval', 'expected seconds, 0.1 to 40');
  return ms;
}
