// The report of a run: one Markdown page with a plot for each benchmark, and the figures as JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderMarkdown } from './markdown.mjs';
import { drawResult } from './svg.mjs';

const mostValues = 60;

/** Writes bench.md, bench.json and bench/NAME.svg into a directory. */
export function writeReport(directory, { machine, minutes, results }) {
  mkdirSync(join(directory, 'bench'), { recursive: true });
  const parts = results.map((result) => {
    const drawn = drawResult(result);
    if (drawn === undefined) return renderMarkdown(result);
    writeFileSync(join(directory, 'bench', `${result.name}.svg`), drawn);
    return `${renderMarkdown(result)}\n![${result.title}](bench/${result.name}.svg)\n`;
  });
  const table = [
    '| machine | |',
    '| --- | --- |',
    ...machine.map(([what, value]) => `| ${what} | ${value} |`),
  ];
  const page = [
    '# Benchmarks: a report',
    '',
    `Written by \`npm run bench -- --report\` in ${minutes.toFixed(1)} minutes. What is measured, and how to read it: [bench/README.md](../../bench/README.md).`,
    '',
    ...table,
    '',
    ...parts,
  ];
  writeFileSync(join(directory, 'bench.md'), page.join('\n'));
  const figures = { machine: Object.fromEntries(machine), results: results.map(shortened) };
  writeFileSync(join(directory, 'bench.json'), `${JSON.stringify(figures, undefined, 1)}\n`);
}

/** Without the single values where there are hundreds. */
const shortened = (result) => ({
  ...result,
  metrics: result.metrics.map((metric) => ({
    ...metric,
    series: metric.series.map(({ values, ...rest }) =>
      values.length > mostValues ? rest : { ...rest, values },
    ),
  })),
});
