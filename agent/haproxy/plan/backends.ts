// The backends of a configuration as the planner looks at them: servers, the lines that they inherit, and what those
// say of the algorithm. Sources: HAProxy 2.6 configuration manual, 4.1, 4.2 "balance", "hash-type"; v2.6.0
// src/cfgparse.c (BE_LB_PROP_DYN).

import type { ConfigLine } from '../config/lex';
import type { Section } from '../config/sections';

export interface PlannedServer {
  readonly name: string;
  /** Address and port as written. */
  readonly place: string;
  /** The words of the `default-server` lines before it, those of `defaults` among them. */
  readonly inherited: readonly string[];
  /** The words of its own line after the place. */
  readonly words: readonly string[];
}

export interface Backend {
  readonly name: string;
  readonly servers: readonly PlannedServer[];
  /** The lines of `defaults` that count for it and its own, without those of servers. */
  readonly lines: readonly ConfigLine[];
}

/** What can be done to the servers of a backend, by its algorithm. */
export interface Algorithm {
  readonly name: string;
  /** Takes any weight, and servers that are added. */
  readonly isDynamic: boolean;
  /** Which server a client gets depends on how the servers are ordered or numbered. */
  readonly isOrdered: boolean;
  /** By number: taking one away leaves other numbers than a file without it. */
  readonly isNumbered: boolean;
}

const hashes: ReadonlySet<string> = new Set(['source', 'uri', 'url_param', 'hdr', 'rdp-cookie', 'hash']);

/** Reads the backends, in order. */
export function readBackends(sections: readonly Section[]): readonly Backend[] {
  const backends: Backend[] = [];
  const named = new Map<string, readonly ConfigLine[]>();
  let latest: readonly ConfigLine[] = [];
  for (const section of sections) {
    const base = section.from === undefined ? undefined : (named.get(section.from) ?? []);
    if (section.keyword === 'defaults') {
      latest = [...(base ?? []), ...section.lines];
      named.set(section.name, latest);
    } else if (section.keyword === 'backend') backends.push(readBackend(section, base ?? latest));
  }
  return backends;
}

function readBackend({ name, lines }: Section, above: readonly ConfigLine[]): Backend {
  const servers: PlannedServer[] = [];
  let inherited = above.flatMap(defaultServerWords);
  for (const line of lines) {
    const [keyword = '', server = '', place = '', ...words] = line.words;
    if (keyword === 'server') servers.push({ name: server, place, inherited, words });
    inherited = [...inherited, ...defaultServerWords(line)];
  }
  return { name, servers, lines: [...above, ...lines.filter((line) => !isServerLine(line))] };
}

function defaultServerWords({ words }: ConfigLine): readonly string[] {
  return words[0] === 'default-server' ? words.slice(1) : [];
}

/** Tells whether a line is a server's. */
export function isServerLine({ words }: ConfigLine): boolean {
  return words[0] === 'server';
}

/** Tells whether the lines of a backend have one that begins with these words; `no` before an option takes it back. */
export function says({ lines }: Backend, ...beginning: readonly string[]): boolean {
  const begins = (words: readonly string[]): boolean => beginning.every((word, at) => words[at] === word);
  const last = lines.findLast(({ words }) => begins(words) || (words[0] === 'no' && begins(words.slice(1))));
  return last !== undefined && last.words[0] !== 'no';
}

/** Reads which algorithm a backend has; undefined for one that the planner does not know. */
export function algorithmOf({ lines }: Backend): Algorithm | undefined {
  const last = (keyword: string): readonly string[] | undefined =>
    lines.findLast(({ words }) => words[0] === keyword)?.words;
  // haproxy's own choice for a backend without the line.
  const name = (last('balance')?.[1] ?? 'roundrobin').replace(/\(.*$/, '');
  if (name === 'roundrobin' || name === 'leastconn' || name === 'random')
    return { name, isDynamic: true, isOrdered: false, isNumbered: false };
  if (name === 'first') return { name, isDynamic: true, isOrdered: true, isNumbered: false };
  if (name === 'static-rr') return { name, isDynamic: false, isOrdered: true, isNumbered: false };
  if (!hashes.has(name)) return undefined;
  const isConsistent = last('hash-type')?.[1] === 'consistent';
  return { name, isDynamic: isConsistent, isOrdered: true, isNumbered: isConsistent };
}
