// docs/metrics.md and the examples beside it, held against the tables of metrics: neither has more than the other.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { countedMetrics } from '../../../agent/core/counted-metrics';
import type { MetricDefinition } from '../../../agent/core/metric';
import { readMetrics } from '../../../agent/core/read-metrics';

const docs = join(__dirname, '..', '..', '..', 'docs');
const table: Readonly<Record<string, MetricDefinition>> = { ...readMetrics, ...countedMetrics };
const page = readFileSync(join(docs, 'metrics.md'), 'utf8');
const inTable = new Map(
  [...page.matchAll(/^\| `(amphorad_\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(
    ([, name = '', kind, labels = '']) => [
      name,
      { kind, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label) },
    ],
  ),
);

describe('docs/metrics.md', () => {
  it('has every metric with its kind and labels, and no other', () => {
    const known = Object.entries(table).map(([name, { kind, labels }]) => [name, { kind, labels }] as const);
    expect(Object.fromEntries(inTable)).toEqual(Object.fromEntries(known));
  });

  it.each(['metrics.md', join('examples', 'monitoring', 'alerts.yml')])(
    'names in %s are those of metrics',
    (file) => {
      const named = readFileSync(join(docs, file), 'utf8').matchAll(/\bamphorad_[a-z_]+\b/g);
      const plain = [...named].map(([name]) =>
        name in table ? name : name.replace(/_(bucket|sum|count)$/, ''),
      );
      expect(plain.length).toBeGreaterThan(5);
      expect(plain.filter((name) => !(name in table))).toEqual([]);
    },
  );
});

describe('the names of metrics', () => {
  it.each(Object.entries(table))('%s has its unit in it, and its kind', (name, { kind, help, labels }) => {
    expect(name).toMatch(/^amphorad_[a-z][a-z_]*[a-z]$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect(labels).not.toContain('path');
  });
});
