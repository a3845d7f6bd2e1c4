// Which addresses and ports a configuration takes: the `bind` lines of every section, and in `peers` the line of
// this very peer. UNIX sockets are not among them. Source: HAProxy 2.6 configuration manual, 4.2 "bind", 3.5 "peers".

import type { Bind } from '../model/bind';
import { AgentError } from '../model/errors';
import { parseIp, unmapped } from '../model/ip';
import { readSections, type Section } from './config/sections';
import type { ConfigLine } from './config/lex';

/** How many ports one configuration may take: haproxy opens a socket for each, and each is kept in mind here. */
export const mostBinds = 65_535;

/** Lists the binds of a configuration; `peer` is the name that haproxy is given as `-L`. Throws `config-rejected` for more than 65,535 of them, naming the line. */
export function readBinds(text: string, peer: string): readonly Bind[] {
  const found: Bind[] = [];
  for (const section of readSections(text)) {
    for (const line of section.lines) {
      for (const bind of bindsOf(section, line, peer, mostBinds - found.length)) found.push(bind);
    }
  }
  return found;
}

function bindsOf(
  { keyword }: Section,
  { words, number }: ConfigLine,
  peer: string,
  most: number,
): readonly Bind[] {
  const [verb, first = '', second = ''] = words;
  if (verb === 'bind' || verb === 'dgram-bind') {
    const marks = {
      line: number,
      v6only: words.includes('v6only'),
      transparent: words.includes('transparent'),
    };
    return spread(
      first.split(',').map((address) => parseAddress(address, marks, verb === 'dgram-bind')),
      most,
    );
  }
  const isOwnPeer = keyword === 'peers' && (verb === 'peer' || verb === 'server') && first === peer;
  const marks = { line: number, v6only: false, transparent: false };
  return isOwnPeer && second !== '' ? spread([parseAddress(second, marks, false)], most) : [];
}

type Marks = Pick<Bind, 'line' | 'v6only' | 'transparent'>;

const familyPrefix = /^(?:(?:stream\+|dgram\+)?(ipv4|ipv6)|(tcp4?|tcp6|tcp|udp4|udp6|udp|quic4|quic6))@/;

/** An address with the first and last of its ports. */
type BindRange = Bind & { readonly lastPort: number };

/** Makes a bind of each port, after counting them: a range is a few bytes of text. */
function spread(ranges: readonly (BindRange | undefined)[], most: number): readonly Bind[] {
  let left = most;
  return ranges.flatMap((range) => {
    if (range === undefined) return [];
    const { lastPort, ...first } = range;
    left -= lastPort - first.port + 1;
    if (left < 0) {
      throw new AgentError('config-rejected', 'The configuration takes too many ports', {
        detail: `line ${first.line}: at most ${mostBinds} addresses and ports in all`,
      });
    }
    return Array.from({ length: lastPort - first.port + 1 }, (_, at) => ({
      ...first,
      port: first.port + at,
    }));
  });
}

function parseAddress(text: string, marks: Marks, datagrams: boolean): BindRange | undefined {
  const prefix = familyPrefix.exec(text);
  const rest = prefix === null ? text : text.slice(prefix[0].length);
  // unix@, abns@, fd@, sockpair@ and plain paths take no port.
  if (/^[a-z+]+@/.test(rest) || rest.startsWith('/')) return undefined;
  const at = rest.lastIndexOf(':');
  if (at < 0) return undefined;
  const kind = prefix?.[1] ?? prefix?.[2] ?? '';
  const address = canonical(rest.slice(0, at), kind.endsWith('6'));
  const transport = datagrams || /^(udp|quic)/.test(kind) ? 'udp' : 'tcp';
  const ports = portsOf(rest.slice(at + 1));
  return ports && { ...marks, transport, address, ...ports };
}

function canonical(text: string, isV6: boolean): string {
  const bare = text.replace(/^\[|\]$/g, '');
  if (bare === '' || bare === '*' || bare === '0.0.0.0') return isV6 ? '::' : '*';
  const ip = parseIp(bare);
  // An IPv4-mapped address takes the port of the IPv4 one.
  return ip === undefined ? bare.toLowerCase() : unmapped(ip).text;
}

const lastOfAll = 65_535;

function portsOf(text: string): Pick<BindRange, 'port' | 'lastPort'> | undefined {
  const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (range === null) return undefined;
  const port = Number(range[1]);
  const lastPort = Math.min(Number(range[2] ?? port), lastOfAll);
  return lastPort < port ? undefined : { port, lastPort };
}
