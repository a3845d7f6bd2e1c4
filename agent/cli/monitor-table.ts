// The table of `amphorad monitor`: a row for each amphora, drawn anew at each datagram. What comes over the network is
// shown as text of a bounded length without control characters.

import { quote } from '../model/ids';

export interface Received {
  readonly from: string;
  readonly bytes: number;
  /** Wall time, milliseconds. */
  readonly atMs: number;
  readonly message?: unknown;
  readonly error?: string;
}

interface Row {
  readonly cells: readonly string[];
  readonly seq: number;
  readonly atMs: number;
  readonly missed: number;
}

export interface MonitorTable {
  /** Takes a datagram in and gives the whole screen. */
  draw(received: Received): string;
}

const clearScreen = '\u001b[H\u001b[2J';
const titles = [
  'amphora',
  'seq',
  'missed',
  'every',
  'bytes',
  'listeners',
  'pools',
  'members',
  'conns',
  'rx',
  'tx',
  'total',
  'ereq',
];
const mostFaults = 5;

/** Makes an empty table. */
export function createMonitorTable(): MonitorTable {
  const rows = new Map<string, Row>();
  const faults: string[] = [];
  return {
    draw(received) {
      const { message, error } = received;
      if (error !== undefined || !isMessage(message)) {
        faults.push(`${received.from}, ${received.bytes} bytes: ${error ?? 'no heartbeat of version 3'}`);
        faults.splice(0, faults.length - mostFaults);
      } else {
        const id = quote(message.id).slice(1, -1);
        rows.set(id, rowOf(id, message, received, rows.get(id)));
      }
      const lines = aligned([titles, ...[...rows.values()].map(({ cells }) => cells)]);
      const wrong = faults.length === 0 ? [] : ['', 'not verified:', ...faults];
      return `${clearScreen}${[...lines, ...wrong].join('\n')}\n`;
    },
  };
}

interface Message {
  readonly id: string;
  readonly seq: number;
  readonly listeners: Readonly<
    Record<string, { readonly status: string; readonly stats?: Readonly<Record<string, number>> }>
  >;
  readonly pools: Readonly<
    Record<string, { readonly status: string; readonly members: Readonly<Record<string, string>> }>
  >;
}

function rowOf(id: string, message: Message, { atMs, bytes }: Received, before: Row | undefined): Row {
  const listeners = Object.values(message.listeners);
  const pools = Object.values(message.pools);
  const members = pools.flatMap((pool) => Object.values(pool.members));
  const sum = (name: string): number => listeners.reduce((all, { stats }) => all + (stats?.[name] ?? 0), 0);
  const of = (good: number, all: number): string => (good === all ? String(all) : `${good} of ${all}`);
  const gap = before === undefined ? 0 : message.seq - before.seq - 1;
  const missed = (before?.missed ?? 0) + Math.max(0, gap);
  const cells = [
    id,
    message.seq,
    missed,
    before === undefined ? '-' : `${((atMs - before.atMs) / 1_000).toFixed(1)} s`,
    bytes,
    of(listeners.filter(({ status }) => status === 'OPEN').length, listeners.length),
    of(pools.filter(({ status }) => status === 'UP').length, pools.length),
    of(members.filter((state) => /^(UP|no check|DRAIN)/.test(state)).length, members.length),
    ...['conns', 'rx', 'tx', 'totconns', 'ereq'].map((name) =>
      listeners.some(({ stats }) => stats) ? sum(name) : '-',
    ),
  ].map(String);
  return { cells, seq: message.seq, atMs, missed };
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const { id, seq, listeners, pools } = value as Partial<Message>;
  const isObject = (part: unknown): boolean => typeof part === 'object' && part !== null;
  const hasMembers = (part: unknown): boolean => isObject((part as { members?: unknown }).members);
  const areObjects = (part: unknown): boolean =>
    isObject(part) && Object.values(part as object).every(isObject);
  return (
    typeof id === 'string' &&
    typeof seq === 'number' &&
    areObjects(listeners) &&
    areObjects(pools) &&
    Object.values(pools ?? {}).every(hasMembers)
  );
}
