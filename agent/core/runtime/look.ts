// What the extras of the runtime API read of one haproxy: rows of its statistics, and what operators have made of its
// servers. Source: contract/runtime.md 2.2, 6.

import { runtimeCommand, type ServerName } from '../../haproxy/runtime/command';
import {
  parseServersState,
  type ServerMode,
  type ServerState,
} from '../../haproxy/runtime/show-servers-state';
import { parseShowStat, type StatRow } from '../../haproxy/runtime/show-stat';
import { runtimeError } from '../../model/runtime-fault';
import type { Channel } from './channel';
import type { ServerNow } from './server-changes';

/** What `type` means in `show stat`. */
export const rowTypes = { frontend: '0', backend: '1', server: '2', listener: '3' } as const;
export type RowType = keyof typeof rowTypes;

/** Reads all rows of `show stat`, and the names of its columns. */
export async function readStats(
  channel: Channel,
): Promise<{ readonly names: readonly string[]; readonly rows: readonly StatRow[] }> {
  const text = await channel.read(runtimeCommand('show', 'stat'));
  const rows = parseShowStat(text).filter(({ proxy }) => !isInternal(proxy));
  const names = text.slice(2, text.indexOf('\n')).split(',');
  return { names: names.filter((name) => name !== '' && name !== '-'), rows };
}

/** Reads the row of a server and the one of its backend. Throws `backend_not_found`, `server_not_found`. */
export async function readServer(
  channel: Channel,
  { backend, server }: ServerName,
): Promise<{
  readonly row: StatRow;
  readonly backendRow: StatRow;
  readonly names: readonly string[];
  readonly mode: ServerMode;
}> {
  const { names, rows } = await readStats(channel);
  const own = rows.filter(({ proxy }) => proxy === backend);
  const backendRow = own.find(({ column }) => column('type') === rowTypes.backend);
  if (backendRow === undefined) throw runtimeError({ code: 'backend_not_found', backend });
  const row = own.find(({ service, column }) => service === server && column('type') === rowTypes.server);
  const states = parseServersState(await channel.read(runtimeCommand('show', 'servers', 'state', backend)));
  const state = states.find((each) => each.server === server);
  if (row === undefined || state === undefined) {
    throw runtimeError({ code: 'server_not_found', backend, server });
  }
  return { row, backendRow, names, mode: adminStateOf(state) };
}

/** Reads all servers as events tell them. */
export async function readServersNow(channel: Channel): Promise<readonly ServerNow[]> {
  const { rows } = await readStats(channel);
  const states = parseServersState(await channel.read(runtimeCommand('show', 'servers', 'state')));
  const modes = new Map(states.map((state) => [`${state.backend}/${state.server}`, adminStateOf(state)]));
  return rows
    .filter(({ column }) => column('type') === rowTypes.server)
    .map(({ proxy, service, status, column }) => ({
      backend: proxy,
      server: service,
      status,
      adminState: modes.get(`${proxy}/${service}`) ?? 'ready',
      weight: column('uweight') === '' ? column('weight') : column('uweight'),
    }));
}

// Bits of srv_admin_state: maintenance forced 1, inherited 2, configured 4, by DNS 32, unresolved 64; drain 8, 16.
const maintenance = 1 | 2 | 4 | 32 | 64;
const drain = 8 | 16;

function adminStateOf({ adminState }: ServerState): ServerMode {
  if ((adminState & maintenance) !== 0) return 'maint';
  return (adminState & drain) === 0 ? 'ready' : 'drain';
}

const isInternal = (proxy: string): boolean => /^(?:GLOBAL|MASTER|_|<)/.test(proxy);
