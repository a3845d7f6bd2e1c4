// `amphorad conform`: its command line, and the real things that it stands on. It has options of its own, so that it
// has a parser of its own.

import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Dialect } from '../conform/case';
import { runConform, type ConformOptions } from '../conform/conform';
import { createNodeHttpsClient } from '../host/node/https-client';
import { AgentError, invalidInput, messageOf } from '../model/errors';
import { parseMac } from '../model/network';
import type { Output } from './serve';
import type { AgentHost } from './wire-host';

export const conformUsage = `usage: amphorad conform --url https://HOST:PORT --cert FILE [--key FILE] --ca FILE [--amphora-id ID]
                        [--dialect v0.1|1.0|all] [--only REGEX] [--no-keep-going] [--json]
                        [--allow-changes] [--base-path DIR] [--cert-dir DIR] [--namespace NAME]
                        [--listen ADDRESS:PORT --heartbeat-key-file FILE [--heartbeat-wait SECONDS]]
                        [--network MAC] [--rotate FILE] [--replace-config FILE]
`;

const options = {
  url: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  ca: { type: 'string' },
  'amphora-id': { type: 'string' },
  dialect: { type: 'string' },
  only: { type: 'string' },
  'keep-going': { type: 'boolean' },
  json: { type: 'boolean' },
  'allow-changes': { type: 'boolean' },
  'base-path': { type: 'string' },
  'cert-dir': { type: 'string' },
  namespace: { type: 'string' },
  listen: { type: 'string' },
  'heartbeat-key-file': { type: 'string' },
  'heartbeat-wait': { type: 'string' },
  network: { type: 'string' },
  rotate: { type: 'string' },
  'replace-config': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

const dialects: Readonly<Record<string, readonly Dialect[]>> = {
  'v0.1': ['v0.1'],
  '1.0': ['1.0'],
  all: ['v0.1', '1.0'],
};

const usageStatus = 64;
const unreachableStatus = 69;
const unreachable: readonly AgentError['kind'][] = ['unavailable', 'unauthorized', 'timeout'];

/** Runs the command with the words after its name; resolves with the exit status: 0, 1, 64 for wrong options, 69 when the agent cannot be reached. */
export async function runConformCommand(
  argv: readonly string[],
  host: AgentHost,
  output: Output,
): Promise<number> {
  const ended = new AbortController();
  // A second Ctrl-C ends it at once, whatever it leaves behind.
  process.once('SIGINT', () => ended.abort());
  process.on('SIGTERM', () => ended.abort());
  try {
    const parsed = parseConformArguments(argv);
    if (parsed === 'help') {
      output.out(conformUsage);
      return 0;
    }
    const deps = { ...host, https: createNodeHttpsClient(), print: output.out, signal: ended.signal };
    return await runConform(parsed, deps);
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    output.err(`amphorad: ${thrown.message}${thrown.detail === undefined ? '' : `: ${thrown.detail}`}\n`);
    if (thrown.kind === 'invalid-input') output.err(conformUsage);
    if (thrown.kind === 'invalid-input') return usageStatus;
    return unreachable.includes(thrown.kind) ? unreachableStatus : 1;
  }
}

/** Parses the words. Throws `invalid-input` naming what is wrong. */
export function parseConformArguments(argv: readonly string[]): ConformOptions | 'help' {
  const values = parse(argv);
  if (values.help === true) return 'help';
  const chosen = dialects[values.dialect ?? 'all'];
  if (chosen === undefined) throw invalidInput('--dialect', 'expected v0.1, 1.0 or all');
  const waitS = Number(values['heartbeat-wait'] ?? '30');
  if (!(waitS >= 1 && waitS <= 3_600)) throw invalidInput('--heartbeat-wait', 'expected 1 to 3600 seconds');
  return {
    url: given('--url', values.url),
    certFile: given('--cert', values.cert),
    keyFile: values.key,
    caFile: given('--ca', values.ca),
    amphoraId: values['amphora-id'],
    dialects: chosen,
    json: values.json ?? false,
    only: values.only,
    keepGoing: values['keep-going'] ?? true,
    allowChanges: values['allow-changes'] ?? false,
    rotateFile: values.rotate,
    configFile: values['replace-config'],
    sparePort: macOf(values.network),
    basePath: directory('--base-path', values['base-path'] ?? '/var/lib/octavia'),
    certDirectory: values['cert-dir'] === undefined ? undefined : directory('--cert-dir', values['cert-dir']),
    namespace: namespaceOf(values.namespace ?? 'amphora-haproxy'),
    listen: values.listen,
    heartbeatKeyFile: values['heartbeat-key-file'],
    heartbeatWaitS: waitS,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowNegative: true, strict: true }).values;
  } catch (cause) {
    throw new AgentError('invalid-input', messageOf(cause), { cause });
  }
}

function given(name: string, value: string | undefined): string {
  if (value === undefined) throw invalidInput('amphorad conform', `${name} is needed`);
  return value;
}

// Both go into configurations: what is no plain path would be read as more than one word there.
function directory(name: string, value: string): string {
  if (!/^(\/[\w.@+-]+)+$/.test(value)) throw invalidInput(name, 'expected an absolute path without blanks');
  return value;
}

function macOf(value: string | undefined): string | undefined {
  const mac = value === undefined ? undefined : parseMac(value);
  if (value !== undefined && mac === undefined)
    throw invalidInput('--network', 'expected the MAC address of a spare port');
  return mac;
}

function namespaceOf(value: string): string {
  if (!/^[\w.-]{0,64}$/.test(value))
    throw invalidInput('--namespace', 'expected the name of a namespace, or none');
  return value;
}
