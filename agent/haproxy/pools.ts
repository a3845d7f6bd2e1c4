// Reads pools and members off the statistics: a backend is a pool, a server a member, by name.
// Source: contract/amphora-v0.1.md "Listeners"; HAProxy 2.6 management guide, 9.1 (column `status`).

import { poolStatus, type Member, type Pool } from '../model/load-balancer';
import type { StatRow } from './runtime/show-stat';

/** Lists the pools in the order of the statistics. */
export function readPools(rows: readonly StatRow[]): readonly Pool[] {
  const members = new Map<string, Member[]>();
  for (const row of rows) {
    // `option socket-stats` of a `listen` section adds a row of type 3 for each of its binds.
    if (row.service === 'FRONTEND' || row.service === 'BACKEND' || row.column('type') === '3') continue;
    const list = members.get(row.proxy) ?? [];
    list.push({ name: row.service, status: isUp(row.status) ? 'UP' : 'DOWN' });
    members.set(row.proxy, list);
  }
  return rows
    .filter((row) => row.service === 'BACKEND')
    .map((row) => {
      const mine = members.get(row.proxy) ?? [];
      return { name: row.proxy, status: poolStatus(isUp(row.status), mine), members: mine };
    });
}

// "UP", "UP 1/3" (on its way down), "no check" and "DRAIN" (healthy, taking no new sessions) are up;
// "DOWN", "DOWN 1/2", "NOLB", "MAINT" and "MAINT (via …)" are not.
function isUp(status: string): boolean {
  return /^(UP|OPEN|no check|DRAIN)/.test(status);
}
