// What a worker makes of its texts: the proxies in their order, with their servers. Source: HAProxy 2.6 configuration
// manual, 4.2 "balance", "hash-type", "server", "server-template", "maxconn".

import type { ConfigLine } from '../../haproxy/config/lex';
import { readFrontends, readSections, type Section } from '../../haproxy/config/sections';

export interface ProxyText {
  readonly id: number;
  readonly name: string;
  readonly mode: string;
  readonly isFrontend: boolean;
  readonly isBackend: boolean;
  readonly maxconn: string;
  readonly algorithm: string;
  /** Weights of its servers can only be switched off and on, and none can be added. */
  readonly isStatic: boolean;
  readonly servers: readonly ServerText[];
}

export interface ServerText {
  readonly name: string;
  readonly address: string;
  readonly port: string;
  readonly weight: number;
  readonly isDisabled: boolean;
  readonly isChecked: boolean;
  readonly isBackup: boolean;
  readonly cookie: string;
}

const proxyKeywords: ReadonlySet<string> = new Set(['frontend', 'backend', 'listen']);
const staticAlgorithms: ReadonlySet<string> = new Set([
  'static-rr',
  'source',
  'uri',
  'url_param',
  'hdr',
  'rdp-cookie',
]);
// GLOBAL has the first number.
const firstProxyId = 2;
const defaultMaxconn = '2000';

/** Reads the proxies of a configuration. */
export function readProxies(text: string): readonly ProxyText[] {
  const modes = new Map(readFrontends(text).map(({ name, mode }) => [name, mode]));
  let defaults: readonly ConfigLine[] = [];
  const proxies: ProxyText[] = [];
  for (const section of readSections(text)) {
    if (section.keyword === 'defaults') defaults = section.lines;
    if (!proxyKeywords.has(section.keyword)) continue;
    proxies.push(proxyOf(section, defaults, firstProxyId + proxies.length, modes));
  }
  return proxies;
}

function proxyOf(
  { keyword, name, lines }: Section,
  defaults: readonly ConfigLine[],
  id: number,
  modes: ReadonlyMap<string, string>,
): ProxyText {
  const valueOf = (word: string): string | undefined =>
    [...defaults, ...lines].findLast(({ words }) => words[0] === word)?.words[1];
  const algorithm = (valueOf('balance') ?? 'roundrobin').replace(/\(.*/, '');
  return {
    id,
    name,
    mode: modes.get(name) ?? valueOf('mode') ?? 'tcp',
    isFrontend: keyword !== 'backend',
    isBackend: keyword !== 'frontend',
    maxconn: valueOf('maxconn') ?? defaultMaxconn,
    algorithm,
    isStatic: staticAlgorithms.has(algorithm) && valueOf('hash-type') !== 'consistent',
    servers: keyword === 'frontend' ? [] : serversOf([...defaults, ...lines]),
  };
}

function serversOf(lines: readonly ConfigLine[]): readonly ServerText[] {
  const defaults = lines.flatMap(({ words }) => (words[0] === 'default-server' ? words.slice(1) : []));
  return lines.flatMap(({ words }) => {
    const [verb, name = '', second = '', third = ''] = words;
    if (verb === 'server') return [readServer(name, second, [...defaults, ...words.slice(3)])];
    if (verb !== 'server-template') return [];
    const [first = 1, last = first] = second.includes('-')
      ? second.split('-').map(Number)
      : [1, Number(second)];
    return Array.from({ length: last - first + 1 }, (_, at) =>
      readServer(`${name}${first + at}`, third, [...defaults, ...words.slice(4)]),
    );
  });
}

/** Reads a server off its name, its address and its options. */
export function readServer(name: string, address: string, options: readonly string[]): ServerText {
  const at = address.lastIndexOf(':');
  const isPortless = at < 0 || address.startsWith('/');
  const isOn = (word: string): boolean => options.lastIndexOf(word) > options.lastIndexOf(`no-${word}`);
  const weight = Number(options[options.lastIndexOf('weight') + 1]);
  return {
    name,
    address: (isPortless ? address : address.slice(0, at)).replace(/^\[|\]$/g, ''),
    port: isPortless ? '0' : address.slice(at + 1),
    weight: options.includes('weight') && Number.isInteger(weight) ? weight : 1,
    isDisabled:
      options.includes('disabled') && options.lastIndexOf('disabled') > options.lastIndexOf('enabled'),
    isChecked: isOn('check'),
    isBackup: isOn('backup'),
    cookie: options.includes('cookie') ? (options[options.lastIndexOf('cookie') + 1] ?? '') : '',
  };
}
