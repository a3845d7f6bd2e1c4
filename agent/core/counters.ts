// What the agent counts, cheap to add to: a look-up and an addition. Nothing is formatted before somebody asks.
//
// INVARIANT: no value is kept for labels that were never added to; what is forgotten begins at 0 again.

import { countedMetrics } from './counted-metrics';
import type { Labels, MetricDefinition, MetricFamily, MetricValue } from './metric';

type Counted = typeof countedMetrics;
type NamesOf<Kind> = {
  [Name in keyof Counted]: Counted[Name]['kind'] extends Kind ? Name : never;
}[keyof Counted];
export type CounterName = NamesOf<'counter'>;
export type HistogramName = NamesOf<'histogram'>;

export interface Counters {
  /** Adds 1 to a counter. */
  add(name: CounterName, labels?: Labels): void;
  /** Puts a value into a histogram. */
  observe(name: HistogramName, value: number, labels?: Labels): void;
  /** Forgets the values of a counter whose label has this value: what it named is gone. */
  forget(name: CounterName, label: string, value: string): void;
  /** All of them, those without values included. */
  families(): readonly MetricFamily[];
}

interface Tally {
  readonly labels: Labels;
  /** The sum of a histogram, the value of a counter. */
  sum: number;
  count: number;
  /** How many fell into each bucket and no lower one. */
  readonly inBucket: number[];
}

/** Makes counters that stand at nothing. */
export function createCounters(): Counters {
  const tallies = new Map<string, Map<string, Tally>>();

  function tallyOf(name: CounterName | HistogramName, labels: Labels): Tally {
    const definition: MetricDefinition = countedMetrics[name];
    const key = definition.labels.map((label) => labels[label] ?? '').join('\0');
    const ofName = tallies.get(name) ?? new Map<string, Tally>();
    tallies.set(name, ofName);
    const known = ofName.get(key);
    if (known !== undefined) return known;
    const made = { labels, sum: 0, count: 0, inBucket: (definition.buckets ?? []).map(() => 0) };
    ofName.set(key, made);
    return made;
  }

  return {
    add(name, labels = {}) {
      tallyOf(name, labels).sum += 1;
    },
    observe(name, value, labels = {}) {
      const tally = tallyOf(name, labels);
      tally.sum += value;
      tally.count += 1;
      const at = countedMetrics[name].buckets?.findIndex((bound) => value <= bound) ?? -1;
      if (at !== -1) tally.inBucket[at] = (tally.inBucket[at] ?? 0) + 1;
    },
    forget(name, label, value) {
      const ofName = tallies.get(name);
      for (const [key, { labels }] of ofName ?? []) if (labels[label] === value) ofName?.delete(key);
    },
    families: () =>
      Object.entries<MetricDefinition>(countedMetrics).map(([name, definition]) => ({
        ...definition,
        name,
        values: [...(tallies.get(name)?.values() ?? [])].flatMap((tally) => valuesOf(definition, tally)),
      })),
  };
}

function valuesOf(
  { buckets }: MetricDefinition,
  { labels, sum, count, inBucket }: Tally,
): readonly MetricValue[] {
  if (buckets === undefined) return [{ labels, value: sum }];
  let below = 0;
  return [
    ...buckets.map((bound, index) => {
      below += inBucket[index] ?? 0;
      return { part: '_bucket', labels: { ...labels, le: String(bound) }, value: below } as const;
    }),
    { part: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { part: '_sum', labels, value: sum },
    { part: '_count', labels, value: count },
  ];
}
