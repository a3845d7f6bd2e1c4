// Reads a configuration line by line as haproxy does (section, `no` and `default`, keyword) and hands each line's words
// to the rule of its keyword. What has no rule is refused. Source: readcfgfile() of haproxy v2.6.0 src/cfgparse.c.

import { lexConfig, type ConfigLine } from './lex';
import type { Report } from './policy-report';
import { faultOfSection, ruleOf } from './policy-sections';
import { beginsSection } from './sections';

// The only keywords that `no` and `default` may stand before.
const negatable: ReadonlySet<string> = new Set([
  'option',
  'log',
  'busy-polling',
  'set-dumpable',
  'strict-limits',
  'insecure-fork-wanted',
  'numa-cpu-mapping',
]);

const dressedReason = 'a keyword must be written without quotes and backslashes';

/** Reads all lines; `listen` gives the listener for one of them. */
export function readConfig(text: string, listen: (line: ConfigLine) => Report): void {
  let section: string | undefined;
  for (const line of lexConfig(text)) {
    const report = listen(line);
    const keyword = line.words[0] ?? '';
    if (isUnreadable(line, report)) continue;
    if (line.dressed[0] === true) report.refuse(keyword, dressedReason);
    if (beginsSection(keyword)) {
      section = keyword;
      readSectionLine(line.words, report);
    } else {
      readKeywordLine(section, line, report);
    }
  }
}

// True when nobody can say which words haproxy would read.
function isUnreadable(line: ConfigLine, report: Report): boolean {
  const [keyword = ''] = line.words;
  for (const fault of line.faults) report.refuse(keyword, fault);
  for (const index of line.usesEnvironment) report.refuse(line.words[index] ?? '', 'reads the environment');
  const isDirective = keyword.startsWith('.');
  if (isDirective) report.refuse(keyword, 'conditional and message lines are not allowed');
  return isDirective || line.faults.length > 0 || line.usesEnvironment.length > 0;
}

function readSectionLine(words: readonly string[], report: Report): void {
  const [section = '', ...rest] = words;
  const fault = faultOfSection(section);
  if (fault !== undefined) report.refuse(section, fault);
  const names = rest.at(-2) === 'from' ? rest.slice(0, -2) : rest;
  for (const word of names.slice(1)) report.refuse(word, 'is not allowed here');
}

function readKeywordLine(section: string | undefined, line: ConfigLine, report: Report): void {
  const [first = ''] = line.words;
  const isModified = first === 'no' || first === 'default';
  const keyword = isModified ? (line.words[1] ?? '') : first;
  const rest = line.words.slice(isModified ? 2 : 1);
  if (section === undefined) {
    report.refuse(first, 'stands in no section');
    return;
  }
  if (faultOfSection(section) !== undefined) return;
  if (isModified && line.dressed[1] === true) report.refuse(keyword, dressedReason);
  if (isModified && (!negatable.has(keyword) || first === 'no')) {
    readNegated(first, keyword, rest, report);
    return;
  }
  const rule = ruleOf(section, keyword);
  if (rule === undefined) report.refuse(keyword, `is no keyword that is allowed in "${section}"`);
  else rule(rest, named(report, keyword));
}

// `no` takes something away, so that only what it stands before matters.
function readNegated(modifier: string, keyword: string, rest: readonly string[], report: Report): void {
  if (!negatable.has(keyword)) report.refuse(modifier, `may not stand before ${JSON.stringify(keyword)}`);
  else if (keyword === 'log' && rest.length > 0) report.refuse(rest[0] ?? '', 'is not allowed here');
}

// A rule that refuses its own keyword does not know it.
function named(report: Report, keyword: string): Report {
  return {
    refuse: (word, reason) => report.refuse(word === '' ? keyword : word, reason),
    file: (kind, path) => report.file(kind, path),
    address: (word, socket) => report.address(word, socket),
    fork: (word) => report.fork(word),
  };
}
