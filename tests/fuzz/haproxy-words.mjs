// A second opinion on how haproxy reads a line: parse_line() with the options of readcfgfile(), transcribed byte by byte
// and by other hands than agent/haproxy/config/lex.ts. Source: haproxy v2.6.0 src/tools.c, src/cfgparse.c.

const isSpace = (byte) => byte === 32 || (byte >= 9 && byte <= 13);
const hexDigit = (byte) => Number.parseInt(String.fromCharCode(byte ?? 0), 16);
const code = (char) => char.charCodeAt(0);
const plainEscapes = new Map([
  [code(' '), 32],
  [code('\\'), 92],
  [code('t'), 9],
  [code('n'), 10],
  [code('r'), 13],
  [code('#'), code('#')],
  [code("'"), code("'")],
  [code('"'), code('"')],
]);

/** Reads the words of one line as latin1 text; undefined where haproxy refuses it or would read the environment. */
export function haproxyWords(line) {
  const input = Buffer.from(line, 'utf8');
  if (input.includes(0)) return undefined;
  const words = [[]];
  let quote = 0;
  let at = 0;
  while (isSpace(input[at])) at += 1;
  for (; at < input.length; at += 1) {
    const byte = input[at];
    if (byte === 10 || byte === 13) break;
    if (byte === code('#') && quote === 0) break;
    if ((byte === 34 || byte === 39) && (quote === 0 || quote === byte)) {
      quote = quote === 0 ? byte : 0;
    } else if (byte === 92 && quote !== 39) {
      const escape = readEscape(input, at, quote);
      if (escape === undefined) return undefined;
      words.at(-1).push(escape.byte);
      at += escape.more;
    } else if (isSpace(byte) && quote === 0) {
      while (isSpace(input[at + 1])) at += 1;
      words.push([]);
    } else if (byte === code('$') && quote === 34) {
      return undefined;
    } else {
      words.at(-1).push(byte);
    }
  }
  if (quote !== 0 || words.length > 64) return undefined;
  // A NUL made by an escape ends its word for everyone who reads it as a C string.
  return words.map((bytes) => Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, ''));
}

function readEscape(input, at, quote) {
  const next = input[at + 1];
  if (next === code('x')) {
    const high = hexDigit(input[at + 2]);
    const low = hexDigit(input[at + 3]);
    return Number.isNaN(high) || Number.isNaN(low) ? undefined : { byte: high * 16 + low, more: 3 };
  }
  if (next === code('$')) return quote === 34 ? { byte: next, more: 1 } : { byte: 92, more: 0 };
  const plain = plainEscapes.get(next);
  return plain === undefined ? { byte: 92, more: 0 } : { byte: plain, more: 1 };
}
