// Reads off `show stat` what a heartbeat says, and no more: an answer for 500 listeners has 3,500 rows of some hundred
// columns, of which ten are wanted, and hardly any of them is other than it was in the last answer.
// Source: HAProxy 2.6 management guide, 9.1 "CSV format"; contract/heartbeat.md.
//
// INVARIANT: a pool of which nothing has changed is the same object as in the sample before.

import { AgentError } from '../../model/errors';
import type { HealthSample, ListenerCounters, ListenerSample, PoolSample } from '../../model/health';

/** What one worker says of its proxies; counters are since that worker began. */
export interface WorkerSample extends HealthSample {
  readonly listeners: ReadonlyMap<string, CountedListener>;
  /** It has frontends and takes connections on none of them: so does a worker that a reload has replaced. */
  readonly isStopped: boolean;
}

interface CountedListener extends ListenerSample {
  readonly counters: ListenerCounters;
}

export interface StatScanner {
  /** Scans the CSV. Throws `unavailable` when it is not the documented one. */
  readonly scan: (answer: Buffer) => WorkerSample;
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
const [comma, newline, zero] = [0x2c, 0x0a, 0x30];

/** The command whose answer is read: frontends, backends and servers. */
export const statCommand = 'show stat -1 7 -1';

/** A row as it was last read. */
type Row = Record<(typeof named)[number], string> & {
  /** Of the first row of a proxy: what all of them came to, and how many they were. */
  pool: PoolSample | undefined;
  length: number;
};
const named = ['pxname', 'svname', 'status', 'weight', 'type'] as const;

/** Makes a scanner for the answers of one worker, which remembers the last one. */
export function createStatScanner(): StatScanner {
  const rows: Row[] = [];
  return {
    scan(answer) {
      const headerEnd = answer.indexOf(newline);
      const columns = columnsOf(answer.toString('utf8', 0, Math.max(0, headerEnd)));
      const cells: Cells = { answer, start: 0, at: columns.at, ends: new Int32Array(columns.last + 1) };
      const sample = createSampleWriter(rows);
      let count = 0;
      for (let start = headerEnd + 1; start < answer.length; start = endOf(answer, start) + 1) {
        cells.start = start;
        if (!cut(cells)) continue;
        const row = (rows[count] ??= emptyRow());
        sample.add(count, refresh(row, cells), cells);
        count += 1;
      }
      rows.length = count;
      return sample.end(count);
    },
  };
}

const emptyRow = (): Row => ({
  pxname: '',
  svname: '',
  status: '',
  weight: '',
  type: '',
  pool: undefined,
  length: 0,
});

interface Cells {
  readonly answer: Buffer;
  start: number;
  readonly at: Readonly<Record<Column, number>>;
  /** Where each column of the row ends. */
  readonly ends: Int32Array;
}

interface SampleWriter {
  /** Takes the row that is `rows[index]`. */
  add(index: number, hasChanged: boolean, cells: Cells): void;
  end(count: number): WorkerSample;
}

/** Rows of one proxy follow each other. */
function createSampleWriter(rows: readonly Row[]): SampleWriter {
  const listeners = new Map<string, CountedListener>();
  const pools = new Map<string, PoolSample>();
  let open = 0;
  let first = 0;
  let isChanged = false;

  function endProxy(next: number): void {
    const head = rows[first];
    if (head === undefined || next === first) return;
    if (isChanged || head.length !== next - first) head.pool = poolOf(rows.slice(first, next));
    head.length = next - first;
    if (head.pool !== undefined) pools.set(head.pxname, head.pool);
  }

  return {
    add(index, hasChanged, cells) {
      const row = rows[index];
      if (row === undefined) return;
      if (row.pxname !== rows[first]?.pxname) {
        endProxy(index);
        first = index;
        isChanged = false;
      }
      if (index !== first) row.length = 0;
      isChanged ||= hasChanged;
      // The agent's own metrics endpoint is nobody's listener (contract).
      if (row.type !== frontend || isInternal(row)) return;
      if (row.status !== 'STOP') open += 1;
      listeners.set(row.pxname, listenerOf(row.status, cells));
    },
    end(count) {
      endProxy(count);
      return { listeners, pools, isStopped: listeners.size > 0 && open === 0 };
    },
  };
}

const isInternal = ({ pxname }: Row): boolean => pxname.includes('prometheus');

function poolOf(rows: readonly Row[]): PoolSample | undefined {
  if (rows.some(isInternal)) return undefined;
  let status: string | undefined;
  const members = new Map<string, string>();
  for (const row of rows) {
    if (row.type === backend) status = row.status;
    // haproxy says UP of a server that gets nothing because of its weight.
    else if (row.type === server)
      members.set(row.svname, row.status === 'UP' && row.weight === '0' ? 'DRAIN' : row.status);
  }
  return status === undefined && members.size === 0 ? undefined : { status: status ?? '', members };
}

/** Brings a row up to date; false when nothing that it keeps is other than before. */
function refresh(row: Row, { answer, start, at, ends }: Cells): boolean {
  let hasChanged = false;
  for (const name of named) {
    const column = at[name];
    const from = column === 0 ? start : (ends[column - 1] ?? 0) + 1;
    const to = ends[column] ?? from;
    if (isText(answer, from, to, row[name])) continue;
    row[name] = answer.toString('utf8', from, to);
    hasChanged = true;
  }
  return hasChanged;
}

function isText(answer: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  // From the end: of UUIDs in a row it is as good as the beginning, of `<pool>:<listener>` better.
  for (let index = text.length - 1; index >= 0; index -= 1) {
    if (answer[from + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Notes where the first columns of a row end; false for a row that has not as many. */
function cut({ answer, start, ends }: Cells): boolean {
  let column = 0;
  // None of the columns wanted is ever quoted, nor one before them: those that hold free text come last.
  for (let index = start; index < answer.length; index += 1) {
    const byte = answer[index];
    if (byte === newline) return false;
    if (byte !== comma) continue;
    ends[column] = index;
    column += 1;
    if (column === ends.length) return true;
  }
  return false;
}

function endOf(answer: Buffer, start: number): number {
  const end = answer.indexOf(newline, start);
  return end === -1 ? answer.length : end;
}

function listenerOf(status: string, cells: Cells): CountedListener {
  return {
    status,
    current: numberAt(cells, 'scur'),
    counters: {
      bytesIn: numberAt(cells, 'bin'),
      bytesOut: numberAt(cells, 'bout'),
      connections: numberAt(cells, 'stot'),
      requestErrors: numberAt(cells, 'ereq'),
    },
  };
}

function numberAt({ answer, at, ends }: Cells, name: Column): number {
  const column = at[name];
  let value = 0;
  for (let index = (ends[column - 1] ?? 0) + 1; index < (ends[column] ?? 0); index += 1) {
    value = value * 10 + (answer[index] ?? zero) - zero;
  }
  return value;
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
