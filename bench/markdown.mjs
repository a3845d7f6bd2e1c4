// One benchmark's result as a Markdown table.
import { boundLines } from './bounds.mjs';

/** Renders a summarized result, final newline included. */
export function renderMarkdown({ name, title, quick, node, metrics, notes }) {
  const rows = metrics.flatMap(({ name: metric, unit, digits, series }) =>
    series.map((one, index) => {
      const figure = (value) => value.toFixed(digits);
      const isBaseline = index === series.length - 1;
      return [
        metric,
        one.subject,
        `${figure(one.median)} ${unit}`,
        `${figure(one.lowerQuartile)} – ${figure(one.upperQuartile)}`,
        `${figure(one.least)} – ${figure(one.most)}`,
        String(one.runs),
        isBaseline ? 'baseline' : `**${one.ratio.toFixed(2)}**`,
      ];
    }),
  );
  const heads = ['measured', 'of', 'median', 'quartiles', 'least – most', 'runs', 'ratio'];
  const table = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const hint = quick ? ['', 'A quick run: too few repetitions to compare.'] : [];
  const remarks = [`Node ${node}.`, ...boundLines(metrics), ...notes].map((note) => `- ${note}`);
  return `${[`## ${name}: ${title}`, '', ...table, '', ...remarks, ...hint].join('\n')}\n`;
}
