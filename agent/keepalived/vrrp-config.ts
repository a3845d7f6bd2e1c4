// What a VRRP configuration says, whoever wrote it: scripts, instances and their addresses. It judges nothing: uploads
// pass the policy before, and `amphorad vrrp lint` is for any file. Source: keepalived.conf(5) "VRRP".

import { parseIp, type Ip } from '../model/ip';
import { readLines } from './lines';

/** A line with its words, and the lines of the block that it opens. */
export interface ConfigNode {
  readonly line: number;
  readonly words: readonly string[];
  /** Undefined for a line that opens no block. */
  readonly children: readonly ConfigNode[] | undefined;
}

export interface VrrpAddress {
  readonly ip: Ip;
  readonly prefixLength: number;
  readonly interfaceName: string;
  /** Not announced: it only comes and goes with the others. */
  readonly isExcluded: boolean;
}

export interface VrrpScript {
  readonly line: number;
  readonly name: string;
  /** The program and its arguments, as one text. */
  readonly command: string;
  readonly weight: number | undefined;
  readonly intervalS: number;
  readonly timeoutS: number | undefined;
}

export interface ConfiguredInstance {
  readonly line: number;
  readonly name: string;
  readonly interfaceName: string;
  readonly virtualRouterId: number | undefined;
  readonly priority: number | undefined;
  readonly initialState: string;
  readonly nopreempt: boolean;
  readonly advertS: number;
  readonly version: number | undefined;
  readonly authPass: string | undefined;
  readonly peers: readonly string[];
  /** Virtual addresses, the excluded ones too: what is deleted when keepalived was killed. */
  readonly addresses: readonly VrrpAddress[];
  readonly trackedScripts: readonly { readonly name: string; readonly weight: number | undefined }[];
  readonly notifyCommands: readonly string[];
}

export interface VrrpConfig {
  readonly globals: ReadonlyMap<string, string>;
  readonly scripts: readonly VrrpScript[];
  readonly instances: readonly ConfiguredInstance[];
}

/** Reads a configuration; what it does not know it leaves out. */
export function readVrrpConfig(text: string): VrrpConfig {
  const roots = readNodes(text);
  const blocks = (keyword: string): readonly ConfigNode[] =>
    roots.filter(({ words }) => words[0] === keyword);
  const globals = blocks('global_defs').flatMap(({ children = [] }) => children);
  return {
    globals: new Map(globals.map(({ words: [keyword = '', ...values] }) => [keyword, values.join(' ')])),
    scripts: blocks('vrrp_script').map(readScript),
    instances: blocks('vrrp_instance').map(readInstance),
  };
}

/** The weight with which an instance tracks a script: its own word, else the script's; 0 means FAULT. */
export function weightOf(
  { weight }: { readonly weight: number | undefined },
  script: VrrpScript | undefined,
): number {
  return weight ?? script?.weight ?? 0;
}

/** Reads lines into blocks. A brace that is not closed closes at the end, one that nothing opened is passed over. */
export function readNodes(text: string): readonly ConfigNode[] {
  const top: ConfigNode[] = [];
  const open: ConfigNode[][] = [top];
  for (const { words, number } of readLines(text)) {
    const all = words.map(({ text: word }) => word);
    const [first] = all;
    if (first === undefined) continue;
    if (first === '}') {
      if (open.length > 1) open.pop();
      continue;
    }
    const opens = all.at(-1) === '{';
    const children: ConfigNode[] = [];
    open.at(-1)?.push({
      line: number,
      words: opens ? all.slice(0, -1) : all,
      children: opens ? children : undefined,
    });
    if (opens) open.push(children);
  }
  return top;
}

type Reader = (keyword: string) => string | undefined;

function readerOf({ children = [] }: ConfigNode): Reader {
  return (keyword) =>
    children
      .find(({ words }) => words[0] === keyword)
      ?.words.slice(1)
      .join(' ');
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text === '' || Number.isNaN(value) ? undefined : value;
}

function readScript(node: ConfigNode): VrrpScript {
  const value = readerOf(node);
  return {
    line: node.line,
    name: node.words[1] ?? '',
    command: value('script') ?? '',
    weight: numberOf(value('weight')),
    intervalS: numberOf(value('interval')) ?? 1,
    timeoutS: numberOf(value('timeout')),
  };
}

function readInstance(node: ConfigNode): ConfiguredInstance {
  const value = readerOf(node);
  const linesOf = (keyword: string): readonly ConfigNode[] =>
    (node.children ?? [])
      .filter(({ words }) => words[0] === keyword)
      .flatMap(({ children = [] }) => children);
  const interfaceName = value('interface') ?? '';
  return {
    line: node.line,
    name: node.words[1] ?? '',
    interfaceName,
    virtualRouterId: numberOf(value('virtual_router_id')),
    priority: numberOf(value('priority')),
    initialState: value('state') ?? 'BACKUP',
    nopreempt: value('nopreempt') !== undefined,
    advertS: numberOf(value('advert_int')) ?? 1,
    version: numberOf(value('version')),
    authPass: linesOf('authentication').find(({ words }) => words[0] === 'auth_pass')?.words[1],
    peers: linesOf('unicast_peer').map(({ words }) => words[0] ?? ''),
    addresses: ['virtual_ipaddress', 'virtual_ipaddress_excluded'].flatMap((keyword) =>
      linesOf(keyword).flatMap(({ words }) =>
        readAddress(words, interfaceName, keyword === 'virtual_ipaddress_excluded'),
      ),
    ),
    trackedScripts: linesOf('track_script').map(({ words: [name = '', keyword, weight] }) => ({
      name,
      weight: keyword === 'weight' ? numberOf(weight) : undefined,
    })),
    notifyCommands: (node.children ?? [])
      .filter(({ words }) => (words[0] ?? '').startsWith('notify'))
      .map(({ words }) => words.slice(1).join(' ')),
  };
}

function readAddress(words: readonly string[], own: string, isExcluded: boolean): readonly VrrpAddress[] {
  const [text = '', length] = (words[0] ?? '').split('/');
  const ip = parseIp(text);
  if (ip === undefined) return [];
  const device = words.indexOf('dev');
  const prefixLength = numberOf(length) ?? (ip.family === 4 ? 32 : 128);
  const interfaceName = device < 0 ? own : (words[device + 1] ?? '');
  return [{ ip, prefixLength, interfaceName, isExcluded }];
}
