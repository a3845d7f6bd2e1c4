// What a metric is, apart from any format in which it is told. Source: Prometheus "Metric types", "Metric and label
// naming": base units, the unit in the name, `_total` at the end of counters.

export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, ascending, without infinity. */
  readonly buckets?: readonly number[];
}

export type Labels = Readonly<Record<string, string>>;

/** One value of a metric; `part` is what a histogram adds to the name of its series. */
export interface MetricValue {
  readonly part?: '_bucket' | '_sum' | '_count';
  readonly labels: Labels;
  readonly value: number;
}

/** A metric with all its values. */
export interface MetricFamily extends MetricDefinition {
  readonly name: string;
  readonly values: readonly MetricValue[];
}

/** Defines a counter. */
export function counter(help: string, ...labels: readonly string[]): MetricDefinition & { kind: 'counter' } {
  return { kind: 'counter', help, labels };
}

/** Defines a gauge. */
export function gauge(help: string, ...labels: readonly string[]): MetricDefinition & { kind: 'gauge' } {
  return { kind: 'gauge', help, labels };
}

/** Defines a histogram. */
export function histogram(
  help: string,
  buckets: readonly number[],
  ...labels: readonly string[]
): MetricDefinition & { kind: 'histogram' } {
  return { kind: 'histogram', help, labels, buckets };
}
