// Which keepalived configurations a controller may upload: keepalived runs what its file says as root, and its own
// test sees nothing wrong with that. Default-deny: a grammar lists the blocks and keywords that may stand there, and
// what their values may be. Source: contract/vrrp.md "Upload policy".

import { quote } from '../model/ids';
import { AgentError } from '../model/errors';
import { readLines, type ConfigLine } from './lines';

/** Says why the words behind a keyword are refused; undefined when they may stand there. */
export type ValueRule = (values: readonly string[]) => string | undefined;

/** A block: what may stand in it, each keyword either with values or opening a block of its own. */
export interface BlockRule {
  /** Judges the words between the keyword and the brace. */
  readonly header: ValueRule;
  readonly words: Readonly<Record<string, ValueRule | BlockRule>>;
  /** Judges lines whose first word is no keyword of `words`. */
  readonly others?: ValueRule;
}

/** Makes the rule of a block. */
export function block(
  words: BlockRule['words'],
  header: ValueRule = (values) => (values.length === 0 ? undefined : 'expected no value'),
): BlockRule {
  return { header, words };
}

export interface KeepalivedFault {
  readonly line: number;
  /** Quoted and bounded. */
  readonly word: string;
  readonly reason: string;
}

const notAllowed = 'not allowed in a configuration that is uploaded';

/** Holds a configuration against a grammar; empty when all of it may stand there. */
export function checkKeepalivedPolicy(text: string, grammar: BlockRule): readonly KeepalivedFault[] {
  const faults: KeepalivedFault[] = [];
  // Undefined for a block that was refused: what it holds is not judged one by one.
  const open: (BlockRule | undefined)[] = [grammar];
  const lines = readLines(text);
  for (const line of lines) {
    const first = line.words[0];
    const refuse = (reason: string, word = first?.text ?? ''): void => {
      faults.push({ line: line.number, word: quote(word), reason });
    };
    if (line.fault !== undefined) refuse(line.fault);
    if (first === undefined) continue;
    const shape = shapeOf(line);
    if (shape === 'unclear') refuse('a brace stands at the end of the line that opens, or alone', '{ or }');
    else if (shape === 'closes') {
      if (open.length === 1) refuse('nothing is open here');
      else open.pop();
    } else {
      const block = open.at(-1);
      const verdict = block === undefined ? {} : judge(line, block, shape === 'opens');
      if (verdict.reason !== undefined) refuse(verdict.reason);
      if (shape === 'opens') open.push(verdict.block);
    }
  }
  if (open.length > 1) faults.push({ line: lines.length, word: '""', reason: 'a block is not closed' });
  return faults;
}

type Shape = 'opens' | 'closes' | 'plain' | 'unclear';

function shapeOf({ words }: ConfigLine): Shape {
  // Inside quotes too: keepalived's own reader is not sure about braces there.
  const braces = words.filter(({ text }) => /[{}]/.test(text));
  if (braces.length === 0) return 'plain';
  const only = braces.length === 1 && braces[0]?.isQuoted === false ? braces[0].text : '';
  if (only === '}' && words.length === 1) return 'closes';
  return only === '{' && words.length > 1 && words.at(-1)?.text === '{' ? 'opens' : 'unclear';
}

function judge(
  { words }: ConfigLine,
  block: BlockRule,
  opens: boolean,
): { readonly reason?: string | undefined; readonly block?: BlockRule } {
  const keyword = words[0]?.text ?? '';
  const all = words.map(({ text }) => text);
  const values = opens ? all.slice(1, -1) : all.slice(1);
  const rule = Object.hasOwn(block.words, keyword) ? block.words[keyword] : undefined;
  if (rule === undefined) {
    if (block.others === undefined || opens) return { reason: notAllowed };
    return { reason: block.others(all) };
  }
  if (words[0]?.isQuoted === true) return { reason: 'a keyword in quotes' };
  if (typeof rule === 'function') {
    return { reason: opens ? 'opens a block, and is none' : rule(values) };
  }
  return opens ? { reason: rule.header(values), block: rule } : { reason: 'a block, without its brace' };
}

// While one text is read the agent answers nobody and sends no heartbeat. 10,000 members take 90,000 lines and 3 MB,
// and about a second.
const mostLines = 100_000;
const mostBytes = 4 * 1024 * 1024;

function refuseTooLong(text: string): void {
  const bytes = Buffer.byteLength(text);
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  if (lines <= mostLines && bytes <= mostBytes) return;
  throw new AgentError('config-rejected', 'The configuration is too long', {
    detail: `expected at most ${mostLines} lines and ${mostBytes} bytes, got ${lines} and ${bytes}`,
  });
}

const mostShown = 50;

/** Throws `config-rejected` for a text that is too long, or naming every line that the grammar refuses, 50 at most. */
export function refuseKeepalivedFaults(text: string, grammar: BlockRule): void {
  refuseTooLong(text);
  const faults = checkKeepalivedPolicy(text, grammar);
  if (faults.length === 0) return;
  const shown = faults
    .slice(0, mostShown)
    .map(({ line, word, reason }) => `line ${line}: ${word}: ${reason}`);
  if (faults.length > mostShown) shown.push(`and ${faults.length - mostShown} more`);
  throw new AgentError('config-rejected', 'The configuration policy refuses the configuration', {
    detail: shown.join('\n'),
  });
}
