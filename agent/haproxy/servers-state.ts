// What haproxy is given of its servers at a reload when a configuration names a `server-state-file`: a row counts for
// it as an operator's wish as far as it differs from the configuration that it was started from. After changes at run time the
// configuration in force is a later one, so weight and `disabled` are told as that has them.
// Source: HAProxy v2.6.0 src/server_state.c, srv_state_srv_update.

import { findConfigured } from './configured-servers';

/** What the worker follows now. */
export interface InForce {
  /** The configuration's text. */
  readonly text: string;
  /** Servers, `backend/server`, of which nobody knows what they were set to: the next configuration has the word. */
  readonly touched: readonly string[];
}

const configuredMaintenance = 0x04;

/** Words `show servers state` as a worker would that was started from the configuration in force. Pure. */
export function serversStateInForce(table: string, { text, touched }: InForce): string {
  const lines = table.trimEnd().split('\n');
  const names = (lines.find((line) => line.startsWith('# ')) ?? '').slice(2).split(' ');
  const at = (name: string): number => names.indexOf(name);
  const [backend, server, admin, initial] = [
    at('be_name'),
    at('srv_name'),
    at('srv_admin_state'),
    at('srv_iweight'),
  ] as const;
  if (Math.min(backend, server, admin, initial) < 0) return table;
  const find = findConfigured(text);
  const unknown = new Set(touched);
  const told = lines.flatMap((line) => {
    const cells = line.split(' ');
    if (cells.length < names.length || line.startsWith('#')) return [line];
    if (unknown.has(`${cells[backend]}/${cells[server]}`)) return [];
    const configured = find(cells[backend] ?? '', cells[server] ?? '');
    if (configured === undefined) return [line];
    const bits = Number(cells[admin]) & ~configuredMaintenance;
    cells[admin] = String(configured.isDisabled ? bits | configuredMaintenance : bits);
    cells[initial] = String(configured.weight);
    return [cells.join(' ')];
  });
  return told.join('\n');
}
