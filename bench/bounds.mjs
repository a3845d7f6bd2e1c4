// What a figure may be at most. The machine is noisy: beyond the bound is said, beyond twice the bound is a failure.

const mercy = 2;

/** A line for each metric that has a bound: what it asks for, and whether it holds. */
export function boundLines(metrics) {
  return metrics.flatMap((metric) => {
    if (metric.bound === undefined) return [];
    const { value, text } = held(metric);
    return [`${text}: ${value <= metric.bound.most ? 'holds' : 'EXCEEDED'}.`];
  });
}

/** A line for each metric of a result that is beyond twice its bound. */
export function brokenBounds({ name, metrics }) {
  return metrics
    .filter((metric) => metric.bound !== undefined && held(metric).value > mercy * metric.bound.most)
    .map((metric) => `${name}: ${held(metric).text}, beyond twice the bound`);
}

function held({ name, unit, digits, series, bound: { subject, of, most } }) {
  const value = series.find((one) => one.subject === subject)[of];
  const figures = of === 'ratio' ? `ratio ${value.toFixed(2)}` : `${value.toFixed(digits)} ${unit}`;
  return {
    value,
    text: `Bound: ${name} of ${subject} at most ${most}${of === 'ratio' ? ' times' : ` ${unit}`}, is ${figures}`,
  };
}
