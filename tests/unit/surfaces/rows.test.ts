// Every row of the dialects' tables has a test over mTLS that is named after it. The rows are those that the routers are
// made of, the names the titles of `describe` in tests/surfaces; `:ip` and `{ip}` are the same there.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Route } from '../../../agent/http/route';

const root = join(__dirname, '..', '..', '..');
/** With how many rows each has at least: a reader that finds none must not pass. */
const dialects = [
  ['octavia-v0.1', 16],
  ['octavia-v1.0', 16],
  ['runtime-v1', 6],
  ['monitoring', 3],
  ['openapi', 1],
  ['local', 2],
] as const;
type MakeRoutes = (deps: object) => readonly Pick<Route, 'method' | 'path'>[];

const plain = (row: string): string => row.replace(/(?<=\/)(:[a-z_]+|\{[^/]*\})/g, '*').replace(/\.pem$/, '');

/** Makes the tables of a dialect: every file of its `routes` exports one function that does. */
async function rowsOf(dialect: string): Promise<readonly string[]> {
  const directory = join(root, 'agent', 'surfaces', dialect, 'routes');
  const rows: string[] = [];
  for (const file of readdirSync(directory)) {
    const exported = Object.entries((await import(join(directory, file))) as Record<string, unknown>);
    const makers = exported.filter(([name]) => name.endsWith('Routes')).map(([, make]) => make as MakeRoutes);
    expect(makers).toHaveLength(1);
    // Nothing that they act upon is touched before a request comes.
    for (const make of makers) rows.push(...make({}).map(({ method, path }) => plain(`${method} ${path}`)));
  }
  return rows;
}

/** Reads the rows in titles: one or more methods, a path. */
function rowsInTitles(): ReadonlySet<string> {
  const directory = join(root, 'tests', 'surfaces');
  const rows = readdirSync(directory)
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(join(directory, file), 'utf8').matchAll(
        /^(?:describe|whenItCan)\b[^\n]*?\(\n?\s*['"`]((?:GET|PUT|POST|DELETE)\b[^'"`]*)/gm,
      ),
    ])
    .flatMap(([, title = '']) => [
      ...title.matchAll(/((?:GET|PUT|POST|DELETE)(?:(?:, | and )(?:GET|PUT|POST|DELETE))*) (\/[^\s,;]*)/g),
    ]);
  return new Set(
    rows.flatMap(([, methods = '', path = '']) =>
      methods.split(/, | and /).map((method) => plain(`${method} ${path.replace(/(?<!\/):$/, '')}`)),
    ),
  );
}

describe.each(dialects)('the rows of %s', (dialect, least) => {
  it('have a test each that is named after them', async () => {
    const named = rowsInTitles();
    const rows = await rowsOf(dialect);
    expect(rows.length).toBeGreaterThanOrEqual(least);
    expect(rows.filter((row) => !named.has(row))).toEqual([]);
  });
});
