// All metrics at one moment: those that were counted, and those that are read now. A part that cannot be read is left
// out, counted, and told in the log; it never keeps the others from being told.

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { messageOf } from '../model/errors';
import type { Counters } from './counters';
import type { Labels, MetricDefinition, MetricFamily } from './metric';
import { readMetrics } from './read-metrics';
import { createRecent } from './recent';

export type ReadMetricName = keyof typeof readMetrics;

export interface Reading {
  readonly name: ReadMetricName;
  readonly labels?: Labels;
  readonly value: number;
}

/** One part of the agent that is asked at a scrape. */
export type ReadMetrics = () => Promise<readonly Reading[]>;

export interface Metrics {
  /** Counts and reads all; several who ask within a second get the same. Never throws. */
  collect(): Promise<readonly MetricFamily[]>;
}

export interface MetricsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Pick<Counters, 'families'>;
  /** By the name under which a failure is logged. */
  readonly readers: Readonly<Record<string, ReadMetrics>>;
}

const maxAgeMs = 1_000;

/** Makes the collection. */
export function createMetrics({ clock, log, counters, readers }: MetricsDeps): Metrics {
  const failing = new Set<string>();

  async function safely(name: string, read: ReadMetrics): Promise<readonly Reading[]> {
    try {
      const readings = await read();
      failing.delete(name);
      return readings;
    } catch (thrown) {
      if (!failing.has(name)) log.warning('metrics cannot be read', { of: name, error: messageOf(thrown) });
      failing.add(name);
      return [];
    }
  }

  async function collect(): Promise<readonly MetricFamily[]> {
    const read = (await Promise.all(Object.entries(readers).map(([name, one]) => safely(name, one)))).flat();
    const all: readonly Reading[] = [...read, { name: 'amphorad_scrape_failures', value: failing.size }];
    return [...familiesOf(all), ...counters.families()];
  }

  return { collect: createRecent(clock, maxAgeMs, collect) };
}

function familiesOf(readings: readonly Reading[]): readonly MetricFamily[] {
  const byName = new Map<string, { readonly labels: Labels; readonly value: number }[]>();
  for (const { name, labels = {}, value } of readings) {
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [{ labels, value }]);
    else values.push({ labels, value });
  }
  return Object.entries<MetricDefinition>(readMetrics).map(([name, definition]) => ({
    ...definition,
    name,
    values: byName.get(name) ?? [],
  }));
}
