// Reads `show servers state`: a version line, a header that names the columns, a row for each server. Columns are
// found by name, because versions add some. Source: HAProxy 2.6 management guide, 9.3 "show servers state".

import { AgentError } from '../../model/errors';
import type { RuntimeClient } from './client';

/** One server as the worker has it now, operators' changes included. */
export interface ServerState {
  readonly backend: string;
  readonly server: string;
  readonly address: string;
  readonly port: number;
  /** What an operator set: 0 ready; bits for forced maintenance (0x01) and drain (0x08), and where they came from. */
  readonly adminState: number;
  /** 0 stopped, 1 starting, 2 running, 3 stopping. */
  readonly operationalState: number;
  /** The weight in force and the one of the configuration, 0–256. */
  readonly userWeight: number;
  readonly initialWeight: number;
  readonly column: (name: string) => string;
}

/** What an operator wants of a server: traffic, no new sessions, or nothing at all. */
export type ServerMode = 'ready' | 'drain' | 'maint';

const version = '1';

/** Asks for the state of all servers. Throws `unavailable` when the answer is not the documented table. */
export async function showServersState(client: RuntimeClient): Promise<readonly ServerState[]> {
  return parseServersState(await client.command('show servers state'));
}

/** Parses the table; '-' stands for an empty column. */
export function parseServersState(text: string): readonly ServerState[] {
  const [first, header, ...rows] = text.split('\n').filter((line) => line.trim() !== '');
  if (first?.trim() !== version || header?.startsWith('# be_id ') !== true) {
    throw new AgentError('unavailable', 'haproxy did not answer "show servers state"', {
      detail: text.slice(0, 200),
    });
  }
  const names = header.slice(2).trim().split(/\s+/);
  const columns = new Map(names.map((name, index) => [name, index] as const));
  return rows.map((row) => readRow(row.trim().split(/\s+/), columns));
}

function readRow(cells: readonly string[], columns: ReadonlyMap<string, number>): ServerState {
  const column = (name: string): string => {
    const cell = cells[columns.get(name) ?? -1] ?? '';
    return cell === '-' ? '' : cell;
  };
  return {
    backend: column('be_name'),
    server: column('srv_name'),
    address: column('srv_addr'),
    port: Number(column('srv_port')),
    adminState: Number(column('srv_admin_state')),
    operationalState: Number(column('srv_op_state')),
    userWeight: Number(column('srv_uweight')),
    initialWeight: Number(column('srv_iweight')),
    column,
  };
}

// Bits of srv_admin_state, HAProxy v2.6.0 include/haproxy/server-t.h. What is inherited from a tracked server (0x02,
// 0x10) or comes of name resolution (0x20) is nobody's wish.
const forcedMaintenance = 0x01;
const forcedDrain = 0x08;

/** Reads which mode a server is kept in; maintenance by the configuration alone is one too. */
export function modeOf({ adminState }: ServerState): ServerMode {
  if ((adminState & forcedMaintenance) !== 0) return 'maint';
  return (adminState & forcedDrain) === 0 ? 'ready' : 'drain';
}

// Without 0x04, which a worker keeps of `disabled` in the configuration that it was started from: such a server has 0x01
// beside it until somebody, or a later configuration, makes it ready.
const anyMaintenance = 0x01 | 0x02 | 0x20 | 0x40;
const anyDrain = 0x08 | 0x10;

/** Reads how a server stands, whoever wished it: an operator, a tracked server, DNS, the configuration. */
export function standingOf({ adminState }: Pick<ServerState, 'adminState'>): ServerMode {
  if ((adminState & anyMaintenance) !== 0) return 'maint';
  return (adminState & anyDrain) === 0 ? 'ready' : 'drain';
}
