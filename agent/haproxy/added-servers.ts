// Servers that were added at run time, in the words of both places that take them: `add server`, and a `server` line
// in a copy of the configuration. Sources: HAProxy 2.6 management guide, 9.3 "add server" (nothing of `default-server`
// is taken over there); configuration manual, 5.2.

import { parseIp } from '../model/ip';
import { lexConfig } from './config/lex';
import { beginsSection } from './config/sections';
import { configuredAddresses } from './server-lines';

/** A server that no uploaded configuration names. */
export interface AddedServer {
  readonly backend: string;
  readonly name: string;
  /** An IP address: a name would stay without one until a reload. */
  readonly address: string;
  readonly port: number;
  readonly check: boolean;
  readonly weight?: number;
  readonly maxConnections?: number;
  readonly backup?: boolean;
  readonly checkIntervalMs?: number;
  readonly fall?: number;
  readonly rise?: number;
}

/** Says where a server is as haproxy reads it: `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function addressWord({ address, port }: Pick<AddedServer, 'address' | 'port'>): string {
  return parseIp(address)?.family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Lists what follows name and address in `add server`. */
export function addedServerWords(server: AddedServer): readonly string[] {
  const { weight, maxConnections, checkIntervalMs, fall, rise } = server;
  const pair = (keyword: string, value: number | undefined): readonly string[] =>
    value === undefined ? [] : [keyword, String(value)];
  return [
    ...(server.check ? ['check'] : []),
    ...(server.backup === true ? ['backup'] : []),
    ...pair('weight', weight),
    ...pair('maxconn', maxConnections),
    ...pair('inter', checkIntervalMs),
    ...pair('fall', fall),
    ...pair('rise', rise),
  ];
}

/** Tells which of the servers a configuration has room for: it has their backend, and does not name them itself. */
export function withoutOwnWord<T extends Pick<AddedServer, 'backend' | 'name'>>(
  text: string,
  servers: readonly T[],
): readonly T[] {
  if (servers.length === 0) return [];
  const ends = backendEnds(text);
  const addressOf = configuredAddresses(text);
  return servers.filter(({ backend, name }) => ends.has(backend) && addressOf(backend, name) === undefined);
}

/** Writes the servers as lines at the end of their backends; those without a backend are left out. Pure. */
export function withServerLines(text: string, servers: readonly AddedServer[]): string {
  const ends = backendEnds(text);
  const added = new Map<number, string[]>();
  for (const server of servers) {
    const end = ends.get(server.backend);
    if (end !== undefined) added.set(end, [...(added.get(end) ?? []), serverLine(server, text)]);
  }
  return text
    .split('\n')
    .flatMap((line, index) => [line, ...(added.get(index + 1) ?? [])])
    .join('\n');
}

// What a `default-server` may switch on and `add server` leaves off: the server must be the same after a reload.
const switches = ['check', 'backup', 'agent-check', 'ssl', 'check-ssl', 'send-proxy', 'send-proxy-v2'];

function serverLine(server: AddedServer, text: string): string {
  const words = addedServerWords(server);
  const off = text.includes('default-server') ? switches.filter((word) => !words.includes(word)) : [];
  const own = server.weight === undefined && off.length > 0 ? ['weight', '1'] : [];
  const all = [...off.map((word) => `no-${word}`), ...words, ...own];
  return ['    server', server.name, addressWord(server), ...all].join(' ');
}

/** The number of the last line of each backend; the order of servers, and with it their numbers, stays. */
function backendEnds(text: string): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  let backend: string | undefined;
  for (const { number, words } of lexConfig(text)) {
    const [keyword = '', name = ''] = words;
    if (beginsSection(keyword)) backend = keyword === 'backend' || keyword === 'listen' ? name : undefined;
    if (backend !== undefined) ends.set(backend, number);
  }
  return ends;
}
