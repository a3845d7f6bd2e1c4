// Reads the words after a keyword by a small description of them: so many positional words, an expression, options
// with their arguments, a condition. What does not fit is refused, so a word is never taken for another one's argument.

import { beginsCondition, readCondition, readExpression, readFormat } from './policy-expressions';
import type { FileKind, Report, Rule } from './policy-report';

/** How haproxy reads one word: as text, expression, format, address, address to appear with, level, or a file's path. */
export type WordKind = 'text' | 'expression' | 'format' | 'address' | 'usesrc' | 'level' | FileKind;

/** Options by keyword with their arguments. */
export type OptionTable = ReadonlyMap<string, readonly WordKind[]>;

export interface Statement {
  /** Words in fixed places. */
  readonly words?: readonly WordKind[];
  /** An expression follows them: one word and the converters after it. */
  readonly hasExpression?: boolean;
  readonly options?: OptionTable;
  readonly hasCondition?: boolean;
}

/** Makes a table of options: keywords without argument, and keywords (blank-separated) by the kind of their arguments. */
export function optionTable(
  flags: string,
  ...groups: readonly (readonly [keywords: string, ...kinds: readonly WordKind[]])[]
): OptionTable {
  const table = new Map<string, readonly WordKind[]>();
  for (const flag of split(flags)) table.set(flag, []);
  for (const [keywords, ...kinds] of groups) {
    for (const keyword of split(keywords)) table.set(keyword, kinds);
  }
  return table;
}

/** Makes a table of rules from blank-separated keywords. */
export function ruleTable(
  ...groups: readonly (readonly [keywords: string, rule: Rule])[]
): ReadonlyMap<string, Rule> {
  return new Map(
    groups.flatMap(([keywords, rule]) => split(keywords).map((keyword) => [keyword, rule] as const)),
  );
}

function split(keywords: string): readonly string[] {
  return keywords.split(/\s+/).filter((keyword) => keyword !== '');
}

/** Reads one word as its kind says. */
export function readWord(kind: WordKind, word: string, report: Report): void {
  if (kind === 'text') return;
  if (kind === 'expression') readExpression(word, report);
  else if (kind === 'format') readFormat(word, report);
  else if (kind === 'usesrc') readForeignAddress(word, report);
  else if (kind === 'address') report.address(word, 'socket');
  else if (kind === 'level') readLevel(word, report);
  else report.file(kind, word);
}

function readForeignAddress(word: string, report: Report): void {
  const isTheClients = /^(?:client|clientip|hdr_ip\([^()]*\))$/.test(word);
  if (!isTheClients) report.address(word, 'socket');
}

function readLevel(word: string, report: Report): void {
  if (word !== 'user' && word !== 'operator') report.refuse(word, 'must be user or operator');
}

/** Makes the rule of a statement. */
export function statement(shape: Statement): Rule {
  return (words, report) => {
    const kinds = shape.words ?? [];
    for (const [index, kind] of kinds.entries()) {
      const word = words[index];
      if (word !== undefined) readWord(kind, word, report);
    }
    const rest = words.slice(kinds.length);
    const isOver = (word: string): boolean => beginsCondition(word) || shape.options?.has(word) === true;
    const end = shape.hasExpression === true ? endOfExpression(rest, isOver) : 0;
    for (const word of rest.slice(0, end)) readExpression(word, report);
    readOptions(rest.slice(end), shape, report);
  };
}

// The first word always belongs to the expression, whatever it is.
function endOfExpression(words: readonly string[], isOver: (word: string) => boolean): number {
  const found = words.findIndex((word, index) => index > 0 && isOver(word));
  return found < 0 ? words.length : found;
}

function readOptions(words: readonly string[], shape: Statement, report: Report): void {
  let at = 0;
  while (at < words.length) {
    const keyword = words[at] ?? '';
    if (shape.hasCondition === true && beginsCondition(keyword)) {
      readCondition(words.slice(at + 1), report);
      return;
    }
    const kinds = shape.options?.get(keyword);
    if (kinds === undefined) {
      report.refuse(keyword, 'is not allowed here');
      return;
    }
    for (const [index, kind] of kinds.entries()) {
      const word = words[at + 1 + index];
      if (word !== undefined) readWord(kind, word, report);
    }
    at += 1 + kinds.length;
  }
}

/** The rule of keywords whose words are never a path, an address or an expression. */
export const text: Rule = () => undefined;

/** The rule of keywords whose words may be expressions. */
export const expressions: Rule = (words, report) => {
  for (const word of words) readExpression(word, report);
};

/** The rule of keywords whose words may be formats. */
export const formats: Rule = (words, report) => {
  for (const word of words) readFormat(word, report);
};

/** Makes the rule that refuses a keyword, with the reason; the reader names the keyword. */
export function refused(reason: string): Rule {
  return (_words, report) => report.refuse('', reason);
}
