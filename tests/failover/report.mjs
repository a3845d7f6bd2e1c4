// What runs of scenarios say: median and worst outage with the bounds beside them, and what broke them. Pure.
import { median } from './outage.mjs';

const heads = ['scenario', 'family', 'runs', 'median', 'bound', 'worst', 'bound', 'failed requests', ''];

/** Judges the runs of one scenario; `slack` multiplies the bounds. */
export function judge({ family, scenario, runs }, slack) {
  const { medianS = Infinity, worstS = Infinity } = scenario.bound ?? {};
  const good = runs.filter(({ failure }) => failure === undefined);
  const outages = good.map(({ outageMs }) => outageMs / 1_000);
  const [middle, worst] = outages.length === 0 ? [NaN, NaN] : [median(outages), Math.max(...outages)];
  const violations = [
    ...runs.flatMap(({ failure }) => failure ?? []),
    ...(middle > medianS * slack ? [`median outage ${seconds(middle)}, bound ${seconds(medianS)}`] : []),
    ...(worst > worstS * slack ? [`worst outage ${seconds(worst)}, bound ${seconds(worstS)}`] : []),
  ];
  return {
    name: scenario.name,
    family,
    violations,
    cells: [
      scenario.title,
      `IPv${family}`,
      String(good.length),
      seconds(middle),
      seconds(medianS),
      seconds(worst),
      seconds(worstS),
      good.map(({ failed }) => failed).join(' '),
      violations.length === 0 ? '' : 'VIOLATED',
    ],
  };
}

/** Renders verdicts as one table, and what was violated below it. */
export function render(verdicts) {
  const rows = [heads, ...verdicts.map(({ cells }) => cells)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  const violated = verdicts.flatMap(({ name, family, violations }) =>
    violations.map((violation) => `VIOLATION ${name}, IPv${family}: ${violation}`),
  );
  return [...rows.map(line), ...violated].join('\n');
}

function seconds(value) {
  return Number.isFinite(value) ? `${value.toFixed(2)} s` : '-';
}
