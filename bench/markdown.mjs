// One benchmark's result as Markdown: a table of what was measured, tables of its own where it has some, and remarks.
import { boundLines } from './bounds.mjs';

/** Renders a summarized result, final newline included. */
export function renderMarkdown({ name, title, quick, node, metrics, tables = [], notes }) {
  const rows = metrics.flatMap((metric) => metric.series.map((one) => rowOf(metric, one)));
  const heads = ['measured', 'of', 'median', 'quartiles', 'least – most', 'runs', 'ratio'];
  const hint = quick ? ['', 'A quick run: too few repetitions to compare.'] : [];
  const remarks = [`Node ${node}.`, ...boundLines(metrics), ...notes].map((note) => `- ${note}`);
  const further = tables.flatMap(({ heads: names, rows: cells }) => ['', ...tableOf(names, cells)]);
  return `${[`## ${name}: ${title}`, '', ...tableOf(heads, rows), ...further, '', ...remarks, ...hint].join('\n')}\n`;
}

const tableOf = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);

function rowOf({ name, unit, digits, baselines, hasNoRatio = false }, one) {
  const figure = (value) => value.toFixed(digits);
  return [
    name,
    one.subject,
    `${figure(one.median)} ${unit}`.trim(),
    `${figure(one.lowerQuartile)} – ${figure(one.upperQuartile)}`,
    `${figure(one.least)} – ${figure(one.most)}`,
    String(one.runs),
    hasNoRatio ? '' : ratiosOf(one, baselines),
  ];
}

/** The ratio to each baseline; which one is told where there are several. */
function ratiosOf({ subject, ratios }, baselines) {
  if (baselines.includes(subject)) return 'baseline';
  const entries = Object.entries(ratios);
  const named = entries.length > 1 ? (to) => ` of ${to}` : () => '';
  return entries
    .map(([to, ratio]) => `**${ratio < 0.095 ? ratio.toFixed(3) : ratio.toFixed(2)}**${named(to)}`)
    .join(', ');
}
