// What the extras of the runtime API read of one haproxy: rows of its statistics, and how its servers stand.
// Source: contract/runtime.md 2.2, 6.

import { runtimeCommand, type ServerName } from '../../haproxy/runtime/command';
import { parseServersState, standingOf } from '../../haproxy/runtime/show-servers-state';
import type { StatRow } from '../../haproxy/runtime/show-stat';
import { parseStatTable } from '../../haproxy/runtime/stat-table';
import { runtimeError } from '../../model/runtime-fault';
import type { Channel } from './channel';
import type { ServerNow } from './server-changes';
import { serversIn, statesByName, type RuntimeServer } from './servers';

/** What `type` means in `show stat`. */
export const rowTypes = { frontend: '0', backend: '1', server: '2', listener: '3' } as const;
export type RowType = keyof typeof rowTypes;

/** All rows of `show stat`, and the names of its columns. */
export interface Stats {
  readonly names: readonly string[];
  readonly rows: readonly StatRow[];
}

/** One server, and its backend's row. */
export interface FoundServer {
  readonly server: RuntimeServer;
  readonly backendRow: StatRow;
  readonly names: readonly string[];
}

/** Reads the statistics of all but haproxy's own proxies. */
export async function readStats(channel: Channel): Promise<Stats> {
  const text = await channel.read(runtimeCommand('show', 'stat'));
  const rows = parseStatTable(text).filter(({ proxy }) => !isInternal(proxy));
  const names = text.slice(2, text.indexOf('\n')).split(',');
  return { names: names.filter((name) => name !== '' && name !== '-'), rows };
}

/** Reads one server. Throws `backend_not_found`, `server_not_found`. */
export async function readServer(channel: Channel, { backend, server }: ServerName): Promise<FoundServer> {
  const asked = channel.read(runtimeCommand('show', 'servers', 'state', backend));
  const [{ names, rows }, states] = await Promise.all([readStats(channel), asked]);
  const backendRow = rows.find((row) => row.proxy === backend && row.column('type') === rowTypes.backend);
  if (backendRow === undefined) throw runtimeError({ code: 'backend_not_found', backend });
  const found = serversIn(rows, backend, statesByName(states)).find(
    ({ column }) => column('svname') === server,
  );
  if (found === undefined) throw runtimeError({ code: 'server_not_found', backend, server });
  return { server: found, backendRow, names };
}

/** Reads all servers as events tell them. */
export async function readServersNow(channel: Channel): Promise<readonly ServerNow[]> {
  const asked = channel.read(runtimeCommand('show', 'servers', 'state'));
  const [{ rows }, table] = await Promise.all([readStats(channel), asked]);
  const standing = new Map(
    parseServersState(table).map((state) => [`${state.backend}/${state.server}`, standingOf(state)]),
  );
  return rows
    .filter(({ column }) => column('type') === rowTypes.server)
    .map(({ proxy, service, status, column }) => ({
      backend: proxy,
      server: service,
      status,
      adminState: standing.get(`${proxy}/${service}`) ?? 'ready',
      weight: column('uweight') === '' ? column('weight') : column('uweight'),
    }));
}

const isInternal = (proxy: string): boolean => /^(?:GLOBAL|MASTER|_|<)/.test(proxy);
