// What is printed: a table with a line for each case, what was wrong below it, and a summary; or all of it as JSON. Pure.

import type { Access } from './case';
import type { Report, Row, Verdict } from './run';

const words: Readonly<Record<Verdict, string>> = { pass: 'pass', fail: 'FAIL', 'not applicable': 'n/a' };
const widths = { verdict: 5, name: 62, expected: 60, got: 60 };

const needed: Readonly<Record<Access, string>> = {
  read: '',
  changes: '--allow-changes',
  network: '--network MAC',
  rotate: '--rotate FILE',
  'replace-config': '--replace-config FILE',
};

/** The head of the table. */
export const tableHead = `${line(['', 'case', 'expected', 'got'])}\n`;

/** A line of the table, and a line more for each thing that is wrong. */
export function tableRow({ dialect, group, name, better, verdict, because, ...row }: Row): string {
  const title = `${dialect}/${group}: ${name}${better ? ' [better]' : ''}`;
  const lines = [line([words[verdict], title, flat(row.expected), flat(row.got)])];
  return [...lines, ...because.map((each) => `${' '.repeat(widths.verdict + 2)}- ${flat(each)}`), ''].join(
    '\n',
  );
}

/** How it ended, in words. */
export function summaryText(reports: readonly Report[], isWhole: boolean): string {
  const rows = reports.flatMap((report) => report.rows);
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length;
  const failed = rows.filter(({ verdict }) => verdict === 'fail');
  const better = failed.filter((row) => row.better).length;
  const lines = [
    ...reports
      .flatMap(({ leftOut }) => leftOut)
      .map(
        ({ dialect, group, cases, needs }) =>
          `left out: ${dialect}/${group}, ${cases} cases: ${needed[needs]} was not given`,
      ),
    ...reports.flatMap(({ leftBehind }) => leftBehind).map((each) => `LEFT BEHIND: ${each}`),
    ...(isWhole ? [] : ['interrupted: the cases after this one were not run']),
    `${rows.length} cases: ${count('pass')} pass, ${count('fail')} fail` +
      (better > 0 ? ` (${better} where the contract asks more than Octavia's agent does)` : '') +
      `, ${count('not applicable')} not applicable`,
  ];
  return `\n${lines.join('\n')}\n`;
}

/** All of it for programs. */
export function summaryJson(reports: readonly Report[], isWhole: boolean): string {
  const document = {
    ok: isConform(reports, isWhole),
    interrupted: !isWhole,
    cases: reports.flatMap(({ rows }) => rows),
    left_out: reports.flatMap(({ leftOut }) => leftOut),
    left_behind: reports.flatMap(({ leftBehind }) => leftBehind),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Whether all that applies passed, something did, and nothing was left behind. */
export function isConform(reports: readonly Report[], isWhole: boolean): boolean {
  const rows = reports.flatMap((report) => report.rows);
  const left = reports.flatMap(({ leftBehind }) => leftBehind);
  const hasPassed = rows.some(({ verdict }) => verdict === 'pass');
  return isWhole && hasPassed && left.length === 0 && rows.every(({ verdict }) => verdict !== 'fail');
}

function line([verdict = '', name = '', expected = '', got = '']: readonly string[]): string {
  return [
    verdict.padEnd(widths.verdict),
    fit(name, widths.name),
    fit(expected, widths.expected),
    fit(got, widths.got).trimEnd(),
  ].join('  ');
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

// An answer may hold what a terminal obeys.
function flat(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
