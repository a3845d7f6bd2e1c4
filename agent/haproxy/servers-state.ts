// What haproxy is given of its servers at a reload when a configuration names a `server-state-file`: a row counts for
// it as an operator's wish as far as it differs from the configuration that it was started from. After changes at run time the
// configuration in force is a later one, so weight and `disabled` are told as that has them. haproxy takes port, TLS, and
// where to check from the file before the configuration: a changed member would stay as it was, so they are not told.
// Source: HAProxy v2.6.0 src/server_state.c, srv_state_srv_update.

import { findConfigured } from './configured-servers';
import { readPlace } from './plan/place';

/** What the worker follows now. */
export interface InForce {
  /** The configuration's text. */
  readonly text: string;
  /** Servers, `backend/server`, of which nobody knows what they were set to: the next configuration has the word. */
  readonly touched: readonly string[];
}

const configuredMaintenance = 0x04;

// Up to `srvrecord`; haproxy needs no more.
const columnsTold = 20;

/** Words `show servers state` as a worker would that was started from the configuration in force, for one that reads `next`. Pure. */
export function serversStateInForce(table: string, { text, touched }: InForce, next: string): string {
  const lines = table.trimEnd().split('\n');
  const names = (lines.find((line) => line.startsWith('# ')) ?? '').slice(2).split(' ');
  const at = (name: string): number => names.indexOf(name);
  const [backend, server, admin, initial, port] = [
    at('be_name'),
    at('srv_name'),
    at('srv_admin_state'),
    at('srv_iweight'),
    at('srv_port'),
  ] as const;
  if (Math.min(backend, server, admin, initial, port) < 0) return table;
  const find = findConfigured(text);
  const findNext = findConfigured(next);
  const unknown = new Set(touched);
  const told = lines.flatMap((line) => {
    const cells = line.split(' ');
    if (cells.length < names.length || line.startsWith('#')) return [line];
    if (unknown.has(`${cells[backend]}/${cells[server]}`)) return [];
    const configured = find(cells[backend] ?? '', cells[server] ?? '');
    const following = findNext(cells[backend] ?? '', cells[server] ?? '');
    // A server elsewhere, or one that nobody knows any more, begins as at a start.
    if (configured === undefined || following?.address !== configured.address) return [];
    const bits = Number(cells[admin]) & ~configuredMaintenance;
    cells[admin] = String(configured.isDisabled ? bits | configuredMaintenance : bits);
    cells[initial] = String(configured.weight);
    const place = readPlace(configured.address);
    if (place !== undefined) cells[port] = String(place.port);
    return [cells.slice(0, columnsTold).join(' ')];
  });
  return told.join('\n');
}
