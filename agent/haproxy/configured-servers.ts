// The servers that a configuration names, with what an operator may have changed of them at run time since: address,
// weight, `disabled`. Source: HAProxy 2.6 configuration manual, 4.2 "server", "default-server", "server-template", 5.2.

import { readSections, type Section } from './config/sections';

/** A server as a configuration has it. */
export interface ConfiguredServer {
  readonly backend: string;
  readonly server: string;
  /** Address and port as written. */
  readonly address: string;
  /** 0–256. */
  readonly weight: number;
  readonly isDisabled: boolean;
}

/** Finds a server; undefined when the configuration has none of that name. */
export type FindConfigured = (backend: string, server: string) => ConfiguredServer | undefined;

type Manner = Pick<ConfiguredServer, 'weight' | 'isDisabled'>;

const usual: Manner = { weight: 1, isDisabled: false };
// Keywords of one argument: what follows them is a value, whatever it looks like.
const valued: ReadonlySet<string> = new Set(
  (
    'addr agent-addr agent-inter agent-port agent-send alpn ca-file check-alpn check-proto check-sni ciphers ' +
    'ciphersuites cookie crl-file crt downinter error-limit fall fastinter id init-addr inter log-proto max-reuse ' +
    'maxconn maxqueue minconn namespace npn observe on-error on-marked-down on-marked-up pool-low-conn pool-max-conn ' +
    'pool-purge-delay port proto proxy-v2-options redir resolve-net resolve-opts resolve-prefer resolvers rise shard ' +
    'slowstart sni socks4 source ssl-max-ver ssl-min-ver tcp-ut track usesrc verify verifyhost ws'
  ).split(' '),
);

/** Lists the servers of a configuration in its order, those of `server-template` one by one. */
export function configuredServers(text: string): readonly ConfiguredServer[] {
  const found: ConfiguredServer[] = [];
  const named = new Map<string, Manner>();
  let latest = usual;
  for (const section of readSections(text)) {
    const inherited = section.from === undefined ? latest : (named.get(section.from) ?? usual);
    if (section.keyword === 'defaults') {
      latest = mannerAfter(section, section.from === undefined ? usual : inherited);
      if (section.name !== '') named.set(section.name, latest);
    }
    if (section.keyword === 'backend' || section.keyword === 'listen')
      found.push(...serversOf(section, inherited));
  }
  return found;
}

/** Makes the look-up by name. */
export function findConfigured(text: string): FindConfigured {
  const servers = new Map(
    configuredServers(text).map((each) => [`${each.backend}/${each.server}`, each] as const),
  );
  return (backend, server) => servers.get(`${backend}/${server}`);
}

function mannerAfter({ lines }: Section, before: Manner): Manner {
  return lines.reduce(
    (manner, { words }) => (words[0] === 'default-server' ? mannerOf(words.slice(1), manner) : manner),
    before,
  );
}

function serversOf({ name: backend, lines }: Section, inherited: Manner): readonly ConfiguredServer[] {
  let manner = inherited;
  return lines.flatMap(({ words }) => {
    const [verb, first = '', second = '', third = '', ...rest] = words;
    if (verb === 'default-server') manner = mannerOf(words.slice(1), manner);
    if (verb === 'server')
      return [{ backend, server: first, address: second, ...mannerOf([third, ...rest], manner) }];
    if (verb !== 'server-template') return [];
    const own = mannerOf(rest, manner);
    return numbersOf(second).map((number) => ({
      backend,
      server: `${first}${number}`,
      address: third,
      ...own,
    }));
  });
}

function mannerOf(words: readonly string[], { weight, isDisabled }: Manner): Manner {
  const own = { weight, isDisabled };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === 'disabled') own.isDisabled = true;
    if (word === 'enabled') own.isDisabled = false;
    if (word === 'weight') own.weight = Number.parseInt(words[at + 1] ?? '', 10) || 0;
    if (word === 'weight' || valued.has(word)) at += 1;
  }
  return own;
}

const mostOfTemplate = 65_536;

// `3` stands for 1-3.
function numbersOf(range: string): readonly number[] {
  const [low = '', high] = range.split('-');
  const first = high === undefined ? 1 : Number(low);
  const count = Number(high ?? low) - first + 1;
  if (!(count > 0 && count <= mostOfTemplate)) return [];
  return Array.from({ length: count }, (_, index) => first + index);
}
