// Reads the whole of `show stat`, or nothing: a table that a dying haproxy has cut short must not look like a shorter
// one. Its header ends with a comma, so does every row; cells may be quoted, with line breaks inside. Source: HAProxy 2.6
// management guide, 9.1 "CSV format"; contract of the runtime API, 2.2.

import { runtimeError } from '../../model/runtime-fault';
import { refusal } from './answers';
import type { StatRow } from './show-stat';

/** Parses the table. Throws `truncated` for one that is not whole, and haproxy's refusal when it is none at all. */
export function parseStatTable(text: string): readonly StatRow[] {
  if (text.length === 0) throw truncated(text);
  if (!text.startsWith('# pxname,')) throw refusal(text, { backend: '', server: '' });
  if (!text.endsWith('\n')) throw truncated(text);
  const records = text.includes('"') ? quotedRecords(text) : plainRecords(text);
  const [header = [], ...rows] = records;
  const columns = new Map(header.map((name, index) => [name.replace(/^# /, ''), index] as const));
  return rows.map((cells) => {
    if (cells.length !== header.length) throw truncated(text);
    const column = (name: string): string => cells[columns.get(name) ?? -1] ?? '';
    return { proxy: column('pxname'), service: column('svname'), status: column('status'), column };
  });
}

type Records = readonly (readonly string[])[];

function plainRecords(text: string): Records {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','));
}

function quotedRecords(text: string): Records {
  const records: string[][] = [];
  let record: string[] = [];
  for (let at = 0; at < text.length;) {
    const { cell, end } = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    if (text[end] !== ',' && text[end] !== '\n') throw truncated(text);
    record.push(cell);
    at = end + 1;
    if (text[end] === ',') continue;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}

interface Cell {
  readonly cell: string;
  /** Where what ends it is. */
  readonly end: number;
}

function plainCell(text: string, at: number): Cell {
  const plain = /[^",\n]*/y;
  plain.lastIndex = at;
  const [cell = ''] = plain.exec(text) ?? [];
  return { cell, end: at + cell.length };
}

// Not by one expression over the cell: a long one overflows the stack of the engine.
function quotedCell(text: string, at: number): Cell {
  let end = text.indexOf('"', at + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  if (end < 0) throw truncated(text);
  return { cell: text.slice(at + 1, end).replaceAll('""', '"'), end: end + 1 };
}

function truncated(text: string): Error {
  return runtimeError({ code: 'truncated', bytes: text.length });
}
