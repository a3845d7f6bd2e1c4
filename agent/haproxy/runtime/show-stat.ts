// Reads `show stat`: CSV whose columns are found by header name, because versions add columns.
// Source: HAProxy 2.6 management guide, 9.1 "CSV format".

import { AgentError } from '../../model/errors';
import type { RuntimeClient } from './client';

/** One row: column name → text; missing columns read as ''. */
export interface StatRow {
  readonly proxy: string;
  readonly service: string;
  readonly status: string;
  readonly column: (name: string) => string;
}

/** Asks for all statistics. Throws `unavailable` when the answer is not the documented CSV. */
export async function showStat(client: RuntimeClient): Promise<readonly StatRow[]> {
  return parseShowStat(await client.command('show stat'));
}

/** Parses the CSV of `show stat`. */
export function parseShowStat(text: string): readonly StatRow[] {
  const [header, ...rows] = text.split('\n').filter((line) => line !== '');
  if (!header?.startsWith('# pxname,')) {
    throw new AgentError('unavailable', 'haproxy did not answer "show stat"', { detail: text.slice(0, 200) });
  }
  const columns = new Map(
    header
      .slice(2)
      .split(',')
      .map((name, index) => [name, index] as const),
  );
  return rows.map((line) => {
    const cells = splitCsv(line);
    const column = (name: string): string => cells[columns.get(name) ?? -1] ?? '';
    return { proxy: column('pxname'), service: column('svname'), status: column('status'), column };
  });
}

function splitCsv(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    (match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
}
