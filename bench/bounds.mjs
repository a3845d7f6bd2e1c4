// What a figure may be at most, or must be at least. The machine is noisy: beyond the bound is said, beyond twice the
// bound is a failure. A bound is {subject, of, to?, most?, least?}: a statistic of a series, its ratio to that of the baseline `to`, or with `of: 'difference'` what it is above it.

const mercy = 2;

/** The bounds of a metric. */
const boundsOf = ({ bound, bounds = [] }) => [...(bound === undefined ? [] : [bound]), ...bounds];

/** A line for each bound of the metrics: what it asks for, and whether it holds. */
export function boundLines(metrics) {
  return metrics.flatMap((metric) =>
    boundsOf(metric).map((bound) => {
      const { value, text } = held(metric, bound);
      if (value === undefined) return `${text}: nothing to compare with.`;
      return `${text}: ${isWithin(bound, value, 1) ? 'holds' : 'EXCEEDED'}.`;
    }),
  );
}

/** A line for each bound of a result that is missed by more than twice. */
export function brokenBounds({ name, metrics }) {
  return metrics.flatMap((metric) =>
    boundsOf(metric)
      .map((bound) => ({ bound, ...held(metric, bound) }))
      .filter(({ bound, value }) => value !== undefined && !isWithin(bound, value, mercy))
      .map(({ text }) => `${name}: ${text}, beyond twice the bound`),
  );
}

const isWithin = ({ most = Infinity, least = -Infinity }, value, factor) =>
  value <= most * factor && value >= least / factor;

function held({ name, unit, digits, series }, bound) {
  const value = valueOf(series, bound);
  const { subject, of, to, most, least } = bound;
  const asked = most === undefined ? `at least ${figure(least)}` : `at most ${figure(most)}`;
  const against = to === undefined ? '' : of === 'difference' ? ` above ${to}` : ` that of ${to}`;
  const what = of === 'ratio' ? ` times${against}` : ` ${unit}${against}`;
  const is =
    value === undefined ? '' : `, is ${of === 'ratio' ? figure(value) : `${value.toFixed(digits)} ${unit}`}`;
  return { value, text: `Bound: ${name} of ${subject} ${asked}${what}${is}` };
}

function valueOf(series, { subject, of, to }) {
  const one = series.find((each) => each.subject === subject);
  if (to === undefined) return one[of];
  const other = series.find((each) => each.subject === to);
  if (other === undefined) return undefined;
  return of === 'difference' ? one.median - other.median : one.median / other.median;
}

const figure = (value) => (value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2))));
