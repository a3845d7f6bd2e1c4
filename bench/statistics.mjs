// Medians and quartiles: what a few outliers of a noisy machine do not move.

/** Adds to each series of a metric its median, quartiles, extremes and the ratio of its median to the baseline's. */
export function summarize({ series, ...metric }) {
  const baseline = quantile(series.at(-1).values, 0.5);
  return {
    ...metric,
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
        ratio: median / baseline,
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
