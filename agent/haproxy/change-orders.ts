// A change of the configuration as commands of the runtime API. Source: HAProxy 2.6 management guide, 9.3 "set server",
// "add server", "enable health"; contract/dataplane.md 7.

import type { CommandKind } from './runtime/answers';
import { runtimeCommand, type CommandPart, type ServerName } from './runtime/command';
import { modeOf, type ServerMode, type ServerState } from './runtime/show-servers-state';
import type { ServerOrder } from './runtime/worker-lines';
import type { ExpectedServer, NewServer, RuntimeChange } from './runtime-change';

/** What the servers are told at once; `remove` and `certificate` take more than commands. */
export type ImmediateChange = Exclude<RuntimeChange, { readonly kind: 'remove' | 'certificate' }>;

/** Words a change. Throws `invalid-input` for what does not fit into a command. */
export function ordersOf(change: ImmediateChange): readonly ServerOrder[] {
  switch (change.kind) {
    case 'weight':
      return [set(change, 'set server weight', 'weight', change.weight)];
    case 'address':
      return [set(change, 'set server addr', 'addr', change.address, 'port', change.port)];
    case 'standing':
      return [setMode(change, change.standing)];
    case 'add':
      return additionOf(change.server);
  }
}

/** Takes a server out of traffic; its sessions go on. */
export function restOf(name: ServerName): ServerOrder {
  return setMode(name, 'maint');
}

/**
 * Has haproxy close the idle connections that it keeps to a server in maintenance: they count as use, and those of
 * requests that end after the maintenance began would stay for `pool-purge-delay`. A change of the address does it
 * (v2.6.0 src/server.c, srv_update_addr_port), so the port is changed and changed back; nobody is sent there meanwhile.
 */
export function purgeOf({ backend, server, address, port }: ServerState): readonly ServerOrder[] {
  const name = { backend, server };
  const other = port === 1 ? 2 : port - 1;
  return port === 0
    ? []
    : [other, port].map((to) => set(name, 'set server addr', 'addr', address, 'port', to));
}

/** Removes a server in maintenance. */
export function deletionOf(name: ServerName): ServerOrder {
  return order('del server', name, 'del', 'server', nameOf(name));
}

/**
 * Lists what makes a server that a change touches the configured one altogether, whatever an operator had set: the new
 * configuration is the later word, as at a reload. `state` is how it stood before.
 */
export function settling(
  expected: ExpectedServer,
  state: ServerState,
  changes: readonly RuntimeChange[],
): readonly ServerOrder[] {
  const kinds = new Set(changes.map(({ kind }) => kind));
  const { weight, standing } = expected;
  const isUp = standing === 'ready' && kinds.has('address') && isFailed(state);
  return [
    ...(kinds.has('weight') || state.userWeight === weight
      ? []
      : [set(expected, 'set server weight', 'weight', weight)]),
    ...(kinds.has('standing') || modeOf(state) === standing ? [] : [setMode(expected, standing)]),
    // What its checks have found was found elsewhere: it begins as at a start, and the next check decides.
    ...(isUp ? [set(expected, 'set server health', 'health', 'up')] : []),
  ];
}

// CHK_ST_ENABLED, HAProxy v2.6.0 include/haproxy/check-t.h.
const checksEnabled = 0x04;

function isFailed(state: ServerState): boolean {
  const isChecked = (Number(state.column('srv_check_state')) & checksEnabled) !== 0;
  return isChecked && state.operationalState === 0 && modeOf(state) === 'ready';
}

// A server begins in maintenance with its checks off.
function additionOf(server: NewServer): readonly ServerOrder[] {
  const name = nameOf(server);
  return [
    order('add server', server, 'add', 'server', name, server.place, ...server.words),
    ...(server.checks ? [order('enable health', server, 'enable', 'health', name)] : []),
    ...(server.agentChecks ? [order('enable agent', server, 'enable', 'agent', name)] : []),
    ...(server.standing === 'ready' ? [order('enable server', server, 'enable', 'server', name)] : []),
  ];
}

function setMode(name: ServerName, mode: ServerMode): ServerOrder {
  return set(name, 'set server state', 'state', mode);
}

function set(name: ServerName, kind: CommandKind, ...parts: readonly CommandPart[]): ServerOrder {
  return order(kind, name, 'set', 'server', nameOf(name), ...parts);
}

function order(kind: CommandKind, about: ServerName, ...parts: readonly CommandPart[]): ServerOrder {
  return { kind, command: runtimeCommand(...parts), about: nameOf(about) };
}

const nameOf = ({ backend, server }: ServerName): ServerName => ({ backend, server });
