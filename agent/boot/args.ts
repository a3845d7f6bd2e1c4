// The command line: which command, and its options. Anything unknown is refused with the usage.

import { parseArgs, type ParseArgsConfig } from 'node:util';
import { AgentError, messageOf } from '../model/errors';
import {
  interfaceCommandOf,
  networkCommandOf,
  serverCommandOf,
  vrrpCommandOf,
  type Chosen,
} from './command-words';

export type Command =
  | 'serve'
  | 'dev'
  | 'certs'
  | 'check'
  | 'doctor'
  | 'monitor'
  | 'network-restore'
  | 'network-prepare'
  | 'interface'
  | 'vrrp-lint'
  | 'vrrp-preview'
  | 'status'
  | 'drain'
  | 'ready'
  | 'maint'
  | 'sample'
  | 'version'
  | 'help';

/** What was asked for; options that a command does not know are refused before. */
export interface Arguments {
  readonly command: Command;
  readonly configFiles: readonly string[];
  readonly configDirs: readonly string[];
  readonly localConfig: string | undefined;
  /** As `use_syslog = True`: the init script of Octavia's agent can ask for it so. */
  readonly useSyslog: boolean;
  /** What the init script of Octavia's agent gives; amphorad writes no log file. */
  readonly logFile: string | undefined;
  readonly readyJson: boolean;
  /** Waits for files that are missing or wrong, where else the exit status would tell. */
  readonly keepTrying: boolean;
  readonly stopChildren: boolean | undefined;
  /** No haproxy is needed, and nothing is balanced. */
  readonly fakeHaproxy: boolean;
  readonly stateDirectory: string;
  readonly port: number | undefined;
  readonly directory: string | undefined;
  readonly amphoraId: string | undefined;
  readonly names: readonly string[];
  readonly days: number;
  readonly force: boolean;
  readonly json: boolean;
  readonly listen: string | undefined;
  readonly keyFile: string | undefined;
  /** The files to lint; of `interface`, what to do and with which. */
  readonly paths: readonly string[];
  readonly haIp: string | undefined;
  readonly interfaceName: string | undefined;
  readonly source: string | undefined;
  readonly peer: string | undefined;
  readonly advertInterval: string | undefined;
  readonly fix: boolean;
  readonly watch: boolean;
  /** Undefined: as the terminal and NO_COLOR say. */
  readonly color: boolean | undefined;
  readonly wait: boolean;
  /** Seconds. */
  readonly timeoutS: number;
  readonly then: 'maint' | undefined;
  readonly instance: string | undefined;
}

export const usage = `usage: amphorad [serve] [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
                        [--ready-json] [--stop-children] [--keep-trying] [--use-syslog] [--fake-haproxy]
       amphorad dev     [--state DIR] [--port N] [--ready-json] [--no-stop-children] [--fake-haproxy]
       amphorad certs   --directory DIR --amphora-id UUID [--name NAME]... [--days N] [--force]
       amphorad check   [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
       amphorad doctor  [--config-file FILE]... [--config-dir DIR]... [--local-config FILE] [--json] [--fix]
       amphorad status  [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
                        [--json] [--watch] [--no-color]
       amphorad drain BACKEND/SERVER [--wait [--timeout SECONDS] [--then maint] [--force]]
                        [--instance ID] [--json] [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
       amphorad ready|maint BACKEND/SERVER
                        [--instance ID] [--json] [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
       amphorad monitor --listen ADDRESS:PORT --key-file FILE
       amphorad network restore|prepare [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
       amphorad interface up|down NAME|all [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
       amphorad vrrp lint FILE [FILE] [--json]
       amphorad vrrp preview --ha-ip ADDRESS/LENGTH --interface NAME [--source ADDRESS --peer ADDRESS]
                        [--advert-interval SECONDS] [--config-file FILE]... [--config-dir DIR]... [--local-config FILE]
       amphorad conform --url https://HOST:PORT --cert FILE --ca FILE [--allow-changes] (all options: conform --help)
       amphorad sample | version | help
`;

const configuration = ['config-file', 'config-dir', 'local-config'] as const;

const accepted: Readonly<Record<Command, readonly string[]>> = {
  serve: [
    ...configuration,
    'ready-json',
    'stop-children',
    'keep-trying',
    'use-syslog',
    'log-file',
    'fake-haproxy',
  ],
  dev: ['state', 'port', 'ready-json', 'stop-children', 'fake-haproxy'],
  certs: ['directory', 'amphora-id', 'name', 'days', 'force'],
  check: configuration,
  doctor: [...configuration, 'json', 'fix'],
  status: [...configuration, 'json', 'watch', 'color'],
  drain: [...configuration, 'json', 'instance', 'wait', 'timeout', 'then', 'force'],
  ready: [...configuration, 'json', 'instance'],
  maint: [...configuration, 'json', 'instance'],
  monitor: ['listen', 'key-file'],
  'network-restore': configuration,
  'network-prepare': configuration,
  interface: configuration,
  'vrrp-lint': ['json'],
  'vrrp-preview': [...configuration, 'ha-ip', 'interface', 'source', 'peer', 'advert-interval'],
  sample: [],
  version: [],
  help: [],
};

const options = {
  'config-file': { type: 'string', multiple: true },
  'config-dir': { type: 'string', multiple: true },
  'local-config': { type: 'string' },
  'use-syslog': { type: 'boolean' },
  'log-file': { type: 'string' },
  'ready-json': { type: 'boolean' },
  'stop-children': { type: 'boolean' },
  'keep-trying': { type: 'boolean' },
  'fake-haproxy': { type: 'boolean' },
  state: { type: 'string' },
  port: { type: 'string' },
  directory: { type: 'string' },
  'amphora-id': { type: 'string' },
  name: { type: 'string', multiple: true },
  days: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
  listen: { type: 'string' },
  'key-file': { type: 'string' },
  'ha-ip': { type: 'string' },
  interface: { type: 'string' },
  source: { type: 'string' },
  peer: { type: 'string' },
  'advert-interval': { type: 'string' },
  fix: { type: 'boolean' },
  watch: { type: 'boolean' },
  color: { type: 'boolean' },
  wait: { type: 'boolean' },
  timeout: { type: 'string' },
  then: { type: 'string' },
  instance: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

/** Parses the command line (without node and script). Throws `invalid-input` naming the word that is wrong. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const { command, paths } = commandOf(values.help, values.version, positionals);
  for (const name of Object.keys(values)) {
    if (name === 'help' || name === 'version' || accepted[command].includes(name)) continue;
    throw new AgentError('invalid-input', `amphorad ${command.replace('-', ' ')} has no option --${name}`);
  }
  return {
    command,
    configFiles: values['config-file'] ?? [],
    configDirs: values['config-dir'] ?? [],
    localConfig: values['local-config'],
    useSyslog: values['use-syslog'] ?? false,
    logFile: values['log-file'],
    readyJson: values['ready-json'] ?? false,
    keepTrying: values['keep-trying'] ?? false,
    stopChildren: values['stop-children'],
    fakeHaproxy: values['fake-haproxy'] ?? false,
    stateDirectory: values.state ?? 'var',
    port: values.port === undefined ? undefined : whole('--port', values.port, 0, 65_535),
    directory: values.directory,
    amphoraId: values['amphora-id'],
    names: values.name ?? [],
    days: whole('--days', values.days ?? '825', 1, 36_500),
    force: values.force ?? false,
    json: values.json ?? false,
    listen: values.listen,
    keyFile: values['key-file'],
    paths,
    haIp: values['ha-ip'],
    interfaceName: values.interface,
    source: values.source,
    peer: values.peer,
    advertInterval: values['advert-interval'],
    fix: values.fix ?? false,
    watch: values.watch ?? false,
    color: values.color,
    wait: values.wait ?? false,
    timeoutS: whole('--timeout', values.timeout ?? '60', 1, 86_400),
    then: thenOf(values.then),
    instance: values.instance,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, allowNegative: true, strict: true });
  } catch (cause) {
    throw new AgentError('invalid-input', messageOf(cause), { cause });
  }
}

function commandOf(
  help: boolean | undefined,
  version: boolean | undefined,
  positionals: readonly string[],
): Chosen {
  if (help === true) return { command: 'help', paths: [] };
  if (version === true) return { command: 'version', paths: [] };
  const [word = 'serve', ...more] = positionals;
  if (word === 'vrrp') return vrrpCommandOf(more);
  if (word === 'network') return networkCommandOf(more);
  if (word === 'interface') return interfaceCommandOf(more);
  if (word === 'drain' || word === 'ready' || word === 'maint') return serverCommandOf(word, more);
  if (!Object.hasOwn(accepted, word) || word.includes('-'))
    throw new AgentError('invalid-input', `amphorad has no command "${word}"`);
  if (more.length > 0) throw new AgentError('invalid-input', `unexpected argument "${more[0] ?? ''}"`);
  return { command: word as Command, paths: [] };
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new AgentError('invalid-input', `${name}: expected a whole number, ${least} to ${most}`);
  }
  return value;
}

function thenOf(word: string | undefined): 'maint' | undefined {
  if (word === undefined || word === 'maint') return word;
  throw new AgentError('invalid-input', '--then: expected maint');
}
