// Splits configuration lines into words as haproxy's parse_line() does for readcfgfile(): quotes, backslashes, \xNN,
// comments, variables, byte by byte. Sources: HAProxy 2.6 manual 2.2, 2.3; v2.6.0 src/tools.c; tests/surfaces/lexer.test.ts.

/** One line's words, with the line's number (from 1). Empty lines and comments have no words and are left out. */
export interface ConfigLine {
  readonly number: number;
  /** Bytes that are UTF-8 are decoded; a word that is none has one character (U+0000 to U+00FF) for each byte. */
  readonly words: readonly string[];
  /** For each word whether a quote or a backslash was used to write it. */
  readonly dressed: readonly boolean[];
  /** Indexes of the words in which haproxy replaces a variable; they hold the text as written. */
  readonly usesEnvironment: readonly number[];
  /** Why haproxy refuses the line, or cuts off what is written; its words are then those up to there. */
  readonly faults: readonly string[];
}

/** Splits a whole configuration into its non-empty lines. */
export function lexConfig(text: string): readonly ConfigLine[] {
  return text
    .split('\n')
    .map((line, index) => readLine(line, index + 1))
    .filter((line) => line.words.length > 0 || line.faults.length > 0);
}

/** Splits one line (without its newline) into words. */
export function lexLine(text: string): readonly string[] {
  return readLine(text, 1).words;
}

interface Cursor {
  /** One character for each byte. */
  readonly text: string;
  at: number;
  quote: '"' | "'" | undefined;
  word: string | undefined;
  isDressed: boolean;
  /** Words begun so far, with the empty one that blanks at the end of a line make. */
  begun: number;
  readonly words: string[];
  readonly dressed: boolean[];
  readonly usesEnvironment: Set<number>;
  readonly faults: string[];
}

// MAX_LINE_ARGS of haproxy.
const mostWords = 64;
const tooManyWords = `it has more than ${mostWords} words`;

// Nearly every line: ASCII without a quote, a backslash, a comment, a variable or a control character but tab. The
// way through the cursor gives the same, at ten times the cost.
const plainLine = /^[\t !%&(-[\]-~]*$/;
const blanks = /[\t ]+/;

function readLine(text: string, number: number): ConfigLine {
  return plainLine.test(text) ? readPlainLine(text, number) : readAnyLine(text, number);
}

function readPlainLine(text: string, number: number): ConfigLine {
  const parts = text.split(blanks);
  const words = parts.filter((part) => part !== '');
  const begun = parts[0] === '' ? parts.length - 1 : parts.length;
  return {
    number,
    words,
    dressed: words.map(() => false),
    usesEnvironment: [],
    faults: begun > mostWords ? [tooManyWords] : [],
  };
}

function readAnyLine(text: string, number: number): ConfigLine {
  const cursor: Cursor = {
    text: asBytes(text),
    at: 0,
    quote: undefined,
    word: undefined,
    isDressed: false,
    begun: 1,
    words: [],
    dressed: [],
    usesEnvironment: new Set(),
    faults: [],
  };
  if (cursor.text.includes('\0')) cursor.faults.push('it holds a NUL character');
  skipBlanks(cursor);
  while (cursor.at < cursor.text.length && !isEnd(cursor)) step(cursor);
  endWord(cursor);
  if (cursor.quote !== undefined) cursor.faults.push('a quote is left open');
  if (cursor.begun > mostWords) cursor.faults.push(tooManyWords);
  const { words, dressed, usesEnvironment, faults } = cursor;
  return { number, words, dressed, usesEnvironment: [...usesEnvironment], faults };
}

// A carriage return ends the line wherever it stands, even between quotes, unless it stands among blanks.
function isEnd(cursor: Cursor): boolean {
  const char = cursor.text.charAt(cursor.at);
  return char === '\r' || (char === '#' && cursor.quote === undefined);
}

function step(cursor: Cursor): void {
  const char = cursor.text.charAt(cursor.at);
  if (isQuote(char) && (cursor.quote === undefined || cursor.quote === char)) {
    cursor.quote = cursor.quote === undefined ? char : undefined;
    cursor.word ??= '';
    cursor.isDressed = true;
    cursor.at += 1;
  } else if (char === '\\' && cursor.quote !== "'") {
    readEscape(cursor);
  } else if (char === '$' && cursor.quote === '"') {
    readVariable(cursor);
  } else if (cursor.quote === undefined && isBlank(char)) {
    endWord(cursor);
    skipBlanks(cursor);
    cursor.begun += 1;
  } else {
    // What stands for itself wherever it stands, between quotes and outside.
    const ordinary = /[^\t-\r "#$'\\]+/y;
    ordinary.lastIndex = cursor.at;
    const run = ordinary.exec(cursor.text)?.[0] ?? char;
    emit(cursor, run, run.length);
  }
}

function isQuote(char: string): char is '"' | "'" {
  return char === '"' || char === "'";
}

function isBlank(char: string): boolean {
  return char === ' ' || (char >= '\t' && char <= '\r');
}

function skipBlanks(cursor: Cursor): void {
  while (isBlank(cursor.text.charAt(cursor.at))) cursor.at += 1;
}

const escapes: Readonly<Record<string, string>> = {
  ' ': ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '#': '#',
  t: '\t',
  n: '\n',
  r: '\r',
};

function readEscape(cursor: Cursor): void {
  cursor.isDressed = true;
  const next = cursor.text.charAt(cursor.at + 1);
  if (next === 'x') {
    readNumber(cursor);
    return;
  }
  // The backslash is taken off a dollar sign between double quotes only.
  const plain = next === '$' && cursor.quote === '"' ? next : escapes[next];
  if (plain === undefined) emit(cursor, '\\', 1);
  else emit(cursor, plain, 2);
}

function readNumber(cursor: Cursor): void {
  const digits = cursor.text.slice(cursor.at + 2, cursor.at + 4);
  if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
    giveUp(cursor, String.raw`"\x" is not followed by two hexadecimal digits`);
    return;
  }
  emit(cursor, String.fromCharCode(Number.parseInt(digits, 16)), 4);
}

const variableName = String.raw`(?:[A-Za-z_]\w*|\.(?:LINE|FILE|SECTION)(?!\w))`;
const variablePattern = new RegExp(
  String.raw`^\$(?:${variableName}|\{${variableName}(?:\[\*\])?(?:-[^}]*)?\})`,
);

function readVariable(cursor: Cursor): void {
  const found = variablePattern.exec(cursor.text.slice(cursor.at));
  cursor.word ??= '';
  cursor.usesEnvironment.add(cursor.words.length);
  if (found === null) giveUp(cursor, 'a variable is written wrongly');
  else emit(cursor, found[0], found[0].length);
}

// haproxy stops at the first such error; the quote that is open then is not another one.
function giveUp(cursor: Cursor, fault: string): void {
  cursor.faults.push(fault);
  cursor.quote = undefined;
  cursor.at = cursor.text.length;
}

function emit(cursor: Cursor, text: string, consumed: number): void {
  cursor.word = (cursor.word ?? '') + text;
  cursor.at += consumed;
}

function endWord(cursor: Cursor): void {
  const { word } = cursor;
  if (word === undefined) return;
  const nul = word.indexOf('\0');
  if (nul >= 0 && !cursor.text.includes('\0')) cursor.faults.push('a word holds a NUL character');
  cursor.words.push(asText(nul < 0 ? word : word.slice(0, nul)));
  cursor.dressed.push(cursor.isDressed);
  cursor.word = undefined;
  cursor.isDressed = false;
}

const beyondAscii = /[\u0080-\uffff]/;

function asBytes(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

function asText(bytes: string): string {
  if (!beyondAscii.test(bytes)) return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    // Not UTF-8: the word stays as it is, a character for each byte.
    return bytes;
  }
}
