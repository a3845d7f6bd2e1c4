// Lines and words as keepalived reads them: `#` and `!` begin a comment anywhere outside double quotes, words stand
// between blanks. A backslash joins lines, inside comments too, so that what looks like one comes alive: such a line is
// a fault here, as is all that keepalived could read another way. Source: keepalived.conf(5), lib/parser.c.

export interface ConfigWord {
  readonly text: string;
  readonly isQuoted: boolean;
}

export interface ConfigLine {
  /** Counted from 1. */
  readonly number: number;
  readonly words: readonly ConfigWord[];
  /** What stands behind the comment sign, trimmed; empty without one. */
  readonly comment: string;
  /** Why keepalived could read this line otherwise than we do. */
  readonly fault?: string;
}

// keepalived reads into 1024 bytes.
const longestLineBytes = 1_000;

/** Splits a configuration into its lines. */
export function readLines(text: string): readonly ConfigLine[] {
  return text.split('\n').map((line, index) => {
    const fault = faultOf(line);
    // Of a line that is refused as it is the first word is enough, to name it by.
    const { words, comment, broken } = readLine(fault === undefined ? line : line.slice(0, longestLineBytes));
    const reason = fault ?? broken;
    return { number: index + 1, words, comment, ...(reason === undefined ? {} : { fault: reason }) };
  });
}

function faultOf(line: string): string | undefined {
  if (Buffer.byteLength(line) > longestLineBytes) return `the line is longer than ${longestLineBytes} bytes`;
  if (line.includes('\\')) return 'a backslash, which could join lines or hide a sign';
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(line)) return 'a control character';
  return undefined;
}

function readLine(line: string): Pick<ConfigLine, 'words' | 'comment'> & { readonly broken?: string } {
  const words: ConfigWord[] = [];
  let rest = line.trimStart();
  while (rest !== '') {
    if (/^[#!]/.test(rest)) return { words, comment: rest.slice(1).trim() };
    const quoted = /^"([^"]*)"/.exec(rest);
    const found = quoted ?? /^[^\s"#!]+/.exec(rest);
    if (found === null) return { words, comment: '', broken: 'a quote that does not end' };
    words.push({ text: quoted?.[1] ?? found[0], isQuoted: quoted !== null });
    const behind = rest.slice(found[0].length);
    if (behind !== '' && !/^[\s#!]/.test(behind)) {
      return { words, comment: '', broken: 'a quote in the middle of a word' };
    }
    rest = behind.trimStart();
  }
  return { words, comment: '' };
}
