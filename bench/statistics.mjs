// Medians and quartiles: what a few outliers of a noisy machine do not move.

/** Adds to each series of a metric its median, quartiles, extremes and the ratios of its median to those of the baselines: the series that `baselines` names, or the last. */
export function summarize({ series, baselines, ...metric }) {
  const medianOf = ({ values }) => quantile(values, 0.5);
  const subjects = series.map(({ subject }) => subject);
  const named = (baselines ?? subjects.slice(-1)).filter((subject) => subjects.includes(subject));
  const others = series.filter(({ subject }) => named.includes(subject));
  return {
    ...metric,
    baselines: named,
    series: series.map(({ subject, values }) => {
      const median = quantile(values, 0.5);
      return {
        subject,
        runs: values.length,
        median,
        lowerQuartile: quantile(values, 0.25),
        upperQuartile: quantile(values, 0.75),
        least: Math.min(...values),
        most: Math.max(...values),
        ratio: others.length === 0 ? undefined : median / medianOf(others.at(-1)),
        ratios: Object.fromEntries(others.map((other) => [other.subject, median / medianOf(other)])),
        values,
      };
    }),
  };
}

/** The value below which a share (0 to 1) of the values lies, interpolated between neighbours. Throws on no values. */
export function quantile(values, share) {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
