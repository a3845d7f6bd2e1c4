// Backends and servers of one haproxy as they are now, and what operators want of a server. Source: contract of the
// runtime API, 2.1 to 2.3.

import { requireSuccess } from '../../haproxy/runtime/answers';
import { isPlainName, runtimeCommand, type ServerName } from '../../haproxy/runtime/command';
import {
  parseServersState,
  standingOf,
  type ServerMode,
  type ServerState,
} from '../../haproxy/runtime/show-servers-state';
import type { StatRow } from '../../haproxy/runtime/show-stat';
import { parseStatTable } from '../../haproxy/runtime/stat-table';
import { runtimeError } from '../../model/runtime-fault';
import type { Channel } from './channel';
import type { Instances } from './instances';

/** A server with all that `show stat` says of it. */
export interface RuntimeServer {
  /** A column of `show stat` by its name, '' where the version has none or the cell is empty. */
  readonly column: StatRow['column'];
  /** What an operator, a tracked server, DNS or the configuration has made of it. */
  readonly adminState: ServerMode;
  /** The first word of the status, in lower case. */
  readonly operationalState: string;
}

/** A backend's servers, and whose. */
export interface BackendServers {
  readonly instance: string;
  readonly backend: string;
  readonly servers: readonly RuntimeServer[];
}

export interface RuntimeServers {
  /** Names of the backends, in haproxy's order. */
  backends(
    instance: string | undefined,
  ): Promise<{ readonly instance: string; readonly backends: readonly string[] }>;
  /** The servers of a backend, in haproxy's order. Throws `invalid_name`, `backend_not_found`. */
  servers(instance: string | undefined, backend: string): Promise<BackendServers>;
  /** Sets what is wanted of a server; a repetition succeeds too. Throws `invalid_name`, and haproxy's refusals: `server_not_found`, `backend_not_found`, `socket_level`, `unsupported`, `command_failed`. */
  setState(
    instance: string | undefined,
    name: ServerName,
    state: ServerMode,
  ): Promise<{ readonly instance: string }>;
}

const showStat = runtimeCommand('show', 'stat');
// Columns `type` of `show stat`.
const backendType = '1';
const serverType = '2';
// haproxy's own: the master's, those of Lua, of httpclient, of SSL certificate updates.
const internalProxy = /^(?:GLOBAL|MASTER|_|<)/;

/** Makes the verbs. */
export function createRuntimeServers(instances: Instances): RuntimeServers {
  return {
    async backends(wanted) {
      const { name, channel } = await instances.find(wanted);
      return { instance: name, backends: backendsIn(await statTable(channel)) };
    },

    async servers(wanted, backend) {
      refuseName('backend', backend);
      const { name, channel } = await instances.find(wanted);
      const asked = channel.read(runtimeCommand('show', 'servers', 'state', backend));
      const [rows, states] = await Promise.all([statTable(channel), asked]);
      if (!backendsIn(rows).includes(backend)) throw runtimeError({ code: 'backend_not_found', backend });
      return { instance: name, backend, servers: serversIn(rows, backend, statesByName(states)) };
    },

    async setState(wanted, server, state) {
      refuseServerName(server);
      const { name, channel } = await instances.find(wanted);
      const answer = await channel.write(runtimeCommand('set', 'server', server, 'state', state));
      requireSuccess('set server state', answer, server);
      return { instance: name };
    },
  };
}

/** Refuses (`invalid_name`) what haproxy cannot have as the name of a backend or server. */
export function refuseName(what: 'backend' | 'server', name: string): void {
  if (!isPlainName(name)) throw runtimeError({ code: 'invalid_name', what, name });
}

/** Refuses (`invalid_name`) either name. */
export function refuseServerName({ backend, server }: ServerName): void {
  refuseName('backend', backend);
  refuseName('server', server);
}

/** Asks for all statistics. Throws `truncated` rather than give a part of them. */
export function statTable(channel: Channel): Promise<readonly StatRow[]> {
  return channel.readAs(showStat, parseStatTable);
}

/** Names the backends in the statistics. */
export function backendsIn(rows: readonly StatRow[]): readonly string[] {
  return rows
    .filter((row) => row.column('type') === backendType && !internalProxy.test(row.proxy))
    .map((row) => row.proxy);
}

/** Picks the servers of a backend, with their states by name. */
export function serversIn(
  rows: readonly StatRow[],
  backend: string,
  states: ReadonlyMap<string, ServerState>,
): readonly RuntimeServer[] {
  return rows
    .filter((row) => row.proxy === backend && row.column('type') === serverType)
    .map(({ column, service, status }) => {
      const [word = ''] = status.toLowerCase().split(' ');
      const state = states.get(service);
      return {
        column,
        operationalState: word,
        adminState: state === undefined ? byStatus(word) : standingOf(state),
      };
    });
}

/** Reads the states of one backend's servers; none when haproxy did not tell any. */
export function statesByName(answer: string): ReadonlyMap<string, ServerState> {
  // A backend that a reload has just taken away, or a haproxy too old to tell: the statistics decide.
  if (!answer.startsWith('1\n')) return new Map();
  return new Map(parseServersState(answer).map((state) => [state.server, state] as const));
}

function byStatus(word: string): ServerMode {
  return word === 'maint' || word === 'drain' ? word : 'ready';
}
