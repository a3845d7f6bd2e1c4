// When a backend's set of servers can change under a running haproxy, and their order. Sources: HAProxy 2.6 management
// guide, 9.3 "add server", "del server"; v2.6.0 src/lb_map.c, src/lb_chash.c, src/stick_table.c, src/server.c.

import { says, type Algorithm, type Backend } from './backends';

interface Bindings {
  readonly isNamedElsewhere: (server: string) => boolean;
  readonly keepsAddresses: boolean;
}

// lb_fwrr.c: more of them and their weights no longer tell them apart.
const mostServers = 4_000;

/** Says why a backend can take no server; undefined when it can. */
export function refusalOfAddition(
  backend: Backend,
  { name, isDynamic, isOrdered }: Algorithm,
  { keepsAddresses }: Bindings,
): string | undefined {
  if (!isDynamic || isOrdered) return `${name} does not allow it`;
  if (says(backend, 'cookie')) return 'the backend has a cookie';
  // Without servers such a backend does something else.
  if (says(backend, 'dispatch') || says(backend, 'option', 'transparent'))
    return 'the backend needs no servers';
  if (keepsAddresses) return 'clients are kept at addresses of servers';
  if (backend.servers.length > mostServers) return 'the backend has very many servers';
  return undefined;
}

/** Says why a server cannot be taken away; undefined when it can. */
export function refusalOfRemoval(
  backend: Backend,
  server: string,
  { isNumbered }: Algorithm,
  { isNamedElsewhere, keepsAddresses }: Bindings,
): string | undefined {
  if (isNamedElsewhere(server)) return 'another line names it';
  if (isNumbered) return 'the hash goes by numbers, which a file without it gives otherwise';
  if (['force-persist', 'ignore-persist', 'use-server'].some((keyword) => says(backend, keyword)))
    return 'rules of the backend choose servers';
  if (keepsAddresses) return 'clients are kept at addresses of servers';
  // Connections that belong to one client are not counted, and 2.6 does not look for them.
  if (says(backend, 'http-reuse', 'never')) return 'connections belong to clients';
  return undefined;
}

/**
 * Says why the servers cannot stand as they will: those that go leave a gap, those that come stand at the end, and no
 * command moves one. Undefined when that is their order, or nobody would notice another one.
 */
export function refusalOfOrder(
  before: Backend,
  after: Backend,
  { name, isOrdered }: Algorithm,
): string | undefined {
  const wanted = after.servers.map((server) => server.name);
  const running = before.servers.map((server) => server.name);
  const kept = running.filter((server) => wanted.includes(server));
  const outcome = [...kept, ...wanted.filter((server) => !kept.includes(server))];
  if (outcome.every((server, at) => server === wanted[at])) return undefined;
  if (isOrdered) return `backend ${after.name}: the order of servers changes, which matters to ${name}`;
  // The first backup that is up takes all; with the option all of them do.
  const hasBackups = after.servers.some(({ inherited, words }) =>
    [...inherited, ...words].includes('backup'),
  );
  if (!hasBackups || says(after, 'option', 'allbackups')) return undefined;
  return `backend ${after.name}: the order of servers changes, and of backups only the first serves`;
}
