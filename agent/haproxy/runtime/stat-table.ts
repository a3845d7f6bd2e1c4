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
  // A cell, quoted or not, and what ends it.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/y;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) throw truncated(text);
    const [, quoted, plain = '', end] = match;
    record.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== '\n') continue;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}

function truncated(text: string): Error {
  return runtimeError({ code: 'truncated', bytes: text.length });
}
