// Splits one configuration line into words as haproxy's parse_line() does: both kinds of quotes, backslash
// escapes with \xNN, comments. Source: HAProxy 2.6 configuration manual, 2.2 "Quoting and escaping".

/** One line's words, with the line's number (from 1). Empty lines and comments have no words and are left out. */
export interface ConfigLine {
  readonly number: number;
  readonly words: readonly string[];
}

/** Splits a whole configuration into its non-empty lines. */
export function lexConfig(text: string): readonly ConfigLine[] {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, words: lexLine(line) }))
    .filter((line) => line.words.length > 0);
}

interface Cursor {
  readonly text: string;
  at: number;
  quote: '"' | "'" | undefined;
  word: string | undefined;
  readonly words: string[];
}

/** Splits one line (without its newline) into words; a quote left open ends with the line. */
export function lexLine(text: string): readonly string[] {
  const cursor: Cursor = { text, at: 0, quote: undefined, word: undefined, words: [] };
  while (cursor.at < text.length && !isEnd(cursor)) step(cursor);
  endWord(cursor);
  return cursor.words;
}

// For haproxy a carriage return ends the line wherever it stands, even between quotes.
function isEnd(cursor: Cursor): boolean {
  const char = cursor.text.charAt(cursor.at);
  return char === '\r' || (char === '#' && cursor.quote === undefined);
}

function step(cursor: Cursor): void {
  const char = cursor.text.charAt(cursor.at);
  if (isQuote(char) && (cursor.quote === undefined || cursor.quote === char)) {
    cursor.quote = cursor.quote === undefined ? char : undefined;
    cursor.word ??= '';
    cursor.at += 1;
  } else if (char === '\\' && cursor.quote !== "'") {
    readEscape(cursor);
  } else if (cursor.quote === undefined && isSpace(char)) {
    endWord(cursor);
    cursor.at += 1;
  } else {
    emit(cursor, char, 1);
  }
}

function isQuote(char: string): char is '"' | "'" {
  return char === '"' || char === "'";
}

function isSpace(char: string): boolean {
  return char === ' ' || (char >= '\t' && char <= '\r');
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
  const next = cursor.text.charAt(cursor.at + 1);
  const hex = /^x([0-9a-fA-F]{2})/.exec(cursor.text.slice(cursor.at + 1, cursor.at + 4))?.[1];
  if (hex !== undefined) {
    emit(cursor, String.fromCharCode(Number.parseInt(hex, 16)), 4);
    return;
  }
  // 2.6 takes the backslash off a dollar sign between double quotes only.
  const plain = next === '$' && cursor.quote === '"' ? next : escapes[next];
  if (plain === undefined) emit(cursor, '\\', 1);
  else emit(cursor, plain, 2);
}

function emit(cursor: Cursor, text: string, consumed: number): void {
  cursor.word = (cursor.word ?? '') + text;
  cursor.at += consumed;
}

function endWord(cursor: Cursor): void {
  if (cursor.word !== undefined) cursor.words.push(cursor.word);
  cursor.word = undefined;
}
