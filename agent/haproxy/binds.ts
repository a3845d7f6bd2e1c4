// Which addresses and ports a configuration takes: the `bind` lines of every section, and in `peers` the line of
// this very peer. UNIX sockets are not among them. Source: HAProxy 2.6 configuration manual, 4.2 "bind", 3.5 "peers".

import type { Bind } from '../model/bind';
import { AgentError } from '../model/errors';
import { parseIp, unmapped } from '../model/ip';
import { readSections, type Section } from './config/sections';
import type { ConfigLine } from './config/lex';

// haproxy takes a descriptor for each. A kilobyte of ranges asks for millions, which would stop the agent for minutes.
const mostBinds = 131_072;

/** Lists the binds of a configuration; `peer` is the name that haproxy is given as `-L`. Throws `config-rejected` above 131,072 of them. */
export function readBinds(text: string, peer: string): readonly Bind[] {
  const ranges = readSections(text).flatMap((section) =>
    section.lines.flatMap((line) => rangesOf(section, line, peer)),
  );
  const count = ranges.reduce((sum, { ports }) => sum + Math.max(0, ports.last - ports.first + 1), 0);
  if (count > mostBinds) {
    throw new AgentError('config-rejected', 'The configuration listens on too many ports', {
      detail: `expected at most ${mostBinds} addresses and ports in all, got ${count}`,
    });
  }
  return ranges.flatMap(({ ports: { first, last }, ...bind }) =>
    last < first
      ? []
      : Array.from({ length: last - first + 1 }, (_, index) => ({ ...bind, port: first + index })),
  );
}

/** A bind whose ports have not been listed yet. */
interface PortRange extends Omit<Bind, 'port'> {
  readonly ports: { readonly first: number; readonly last: number };
}

function rangesOf({ keyword }: Section, { words, number }: ConfigLine, peer: string): readonly PortRange[] {
  const [verb, first = '', second = ''] = words;
  if (verb === 'bind' || verb === 'dgram-bind') {
    const marks = {
      line: number,
      v6only: words.includes('v6only'),
      transparent: words.includes('transparent'),
    };
    return first.split(',').flatMap((address) => parseAddress(address, marks, verb === 'dgram-bind'));
  }
  const isOwnPeer = keyword === 'peers' && (verb === 'peer' || verb === 'server') && first === peer;
  const marks = { line: number, v6only: false, transparent: false };
  return isOwnPeer && second !== '' ? parseAddress(second, marks, false) : [];
}

type Marks = Pick<Bind, 'line' | 'v6only' | 'transparent'>;

const familyPrefix = /^(?:(?:stream\+|dgram\+)?(ipv4|ipv6)|(tcp4?|tcp6|tcp|udp4|udp6|udp|quic4|quic6))@/;

function parseAddress(text: string, marks: Marks, datagrams: boolean): readonly PortRange[] {
  const prefix = familyPrefix.exec(text);
  const rest = prefix === null ? text : text.slice(prefix[0].length);
  // unix@, abns@, fd@, sockpair@ and plain paths take no port.
  if (/^[a-z+]+@/.test(rest) || rest.startsWith('/')) return [];
  const at = rest.lastIndexOf(':');
  if (at < 0) return [];
  const kind = prefix?.[1] ?? prefix?.[2] ?? '';
  const address = canonical(rest.slice(0, at), kind.endsWith('6'));
  const transport = datagrams || /^(udp|quic)/.test(kind) ? 'udp' : 'tcp';
  const ports = portsOf(rest.slice(at + 1));
  return ports === undefined ? [] : [{ ...marks, transport, address, ports }];
}

function canonical(text: string, isV6: boolean): string {
  const bare = text.replace(/^\[|\]$/g, '');
  if (bare === '' || bare === '*' || bare === '0.0.0.0') return isV6 ? '::' : '*';
  const ip = parseIp(bare);
  // An IPv4-mapped address takes the port of the IPv4 one.
  return ip === undefined ? bare.toLowerCase() : unmapped(ip).text;
}

const mostPorts = 65_535;

function portsOf(text: string): PortRange['ports'] | undefined {
  const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (range === null) return undefined;
  const first = Number(range[1]);
  return { first, last: Math.min(Number(range[2] ?? first), mostPorts) };
}
