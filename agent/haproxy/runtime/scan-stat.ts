// Reads off `show stat` what a heartbeat says, and no more: an answer for 500 listeners has 3,500 rows of some hundred
// columns, of which ten are wanted. Source: HAProxy 2.6 management guide, 9.1 "CSV format"; contract/heartbeat.md.

import { AgentError } from '../../model/errors';
import type { HealthSample, ListenerSample } from '../../model/health';

/** What one worker says of its proxies; counters are since that worker began. */
export interface WorkerSample extends HealthSample {
  /** It has frontends and takes connections on none of them: so does a worker that a reload has replaced. */
  readonly isStopped: boolean;
}

const wanted = [
  'pxname',
  'svname',
  'status',
  'weight',
  'type',
  'scur',
  'stot',
  'bin',
  'bout',
  'ereq',
] as const;
type Column = (typeof wanted)[number];

// Values of the column `type`; 3 is a bind of `option socket-stats`.
const [frontend, backend, server] = ['0', '1', '2'];

/** The command whose answer is read: frontends, backends and servers. */
export const statCommand = 'show stat -1 7 -1';

/** Scans the CSV. Throws `unavailable` when it is not the documented one. */
export function scanStat(text: string): WorkerSample {
  const headerEnd = text.indexOf('\n');
  const columns = columnsOf(text.slice(0, Math.max(0, headerEnd)));
  const found: Found = { listeners: new Map(), pools: new Map(), open: 0 };
  const ends = new Int32Array(columns.last + 1);
  for (let start = headerEnd + 1; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (cut(text, start, end, ends)) {
      const from = start;
      readRow(found, (name) => {
        const at = columns.at[name];
        return text.slice(at === 0 ? from : (ends[at - 1] ?? 0) + 1, ends[at]);
      });
    }
    start = end + 1;
  }
  const { listeners, pools, open } = found;
  return { listeners, pools, isStopped: listeners.size > 0 && open === 0 };
}

interface Found {
  readonly listeners: Map<string, ListenerSample>;
  readonly pools: Map<string, { status: string; readonly members: Map<string, string> }>;
  open: number;
}

function readRow(found: Found, cell: (name: Column) => string): void {
  const proxy = cell('pxname');
  const type = cell('type');
  // The agent's own metrics endpoint is nobody's listener (contract).
  if (proxy.includes('prometheus')) return;
  if (type === frontend) {
    const status = cell('status');
    if (status !== 'STOP') found.open += 1;
    found.listeners.set(proxy, listenerOf(status, cell));
  } else if (type === backend || type === server) {
    const pool = found.pools.get(proxy) ?? { status: '', members: new Map<string, string>() };
    found.pools.set(proxy, pool);
    if (type === backend) pool.status = cell('status');
    else pool.members.set(cell('svname'), memberStatus(cell));
  }
}

/** Notes where the first columns of a row end; false for a row that has not as many. */
function cut(text: string, start: number, end: number, ends: Int32Array): boolean {
  let from = start;
  for (let column = 0; column < ends.length; column += 1) {
    // None of the columns wanted is ever quoted, nor one before them: those that hold free text come last.
    const comma = text.indexOf(',', from);
    if (comma === -1 || comma > end) return false;
    ends[column] = comma;
    from = comma + 1;
  }
  return true;
}

function listenerOf(status: string, cell: (name: Column) => string): ListenerSample {
  return {
    status,
    current: Number(cell('scur')),
    counters: {
      bytesIn: Number(cell('bin')),
      bytesOut: Number(cell('bout')),
      connections: Number(cell('stot')),
      requestErrors: Number(cell('ereq')),
    },
  };
}

// haproxy says UP of a server that gets nothing because of its weight.
function memberStatus(cell: (name: Column) => string): string {
  const status = cell('status');
  return status === 'UP' && cell('weight') === '0' ? 'DRAIN' : status;
}

function columnsOf(header: string): { readonly at: Readonly<Record<Column, number>>; readonly last: number } {
  const names = header.slice(2).split(',');
  const at = Object.fromEntries(wanted.map((name) => [name, names.indexOf(name)])) as Record<Column, number>;
  if (!header.startsWith('# ') || Object.values(at).includes(-1)) {
    throw new AgentError('unavailable', 'haproxy did not answer "show stat"', {
      detail: header.slice(0, 200),
    });
  }
  return { at, last: Math.max(...Object.values(at)) };
}
