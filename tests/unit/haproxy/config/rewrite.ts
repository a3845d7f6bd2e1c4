// Other ways to write words that haproxy reads the same: hexadecimal, backslashes, both quotes, one after another.
// The policy's unit test and the fuzzer (tests/fuzz) hold the policy against them.

/** A whole number from 0 to below the bound, by chance. */
export type Below = (bound: number) => number;

const pick = <T>(from: readonly T[], below: Below): T => from[below(from.length)]!;

const hex = (text: string, below: Below): string =>
  Array.from(text, (char) => {
    const digits = char.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${below(2) === 0 ? digits : digits.toUpperCase()}`;
  }).join('');
const plain = (text: string): string => text.replace(/[ \\"'#]/g, '\\$&').replaceAll('\t', '\\t');
const double = (text: string): string => `"${text.replace(/[\\"$]/g, '\\$&')}"`;
const single = (text: string): string => (text.includes("'") ? double(text) : `'${text}'`);

/** Writes one word in another way. */
export function rewriteWord(word: string, below: Below): string {
  let out = '';
  let at = 0;
  while (at < word.length) {
    const length = 1 + below(word.length - at);
    out += pick([hex, plain, double, single], below)(word.slice(at, at + length), below);
    if (below(5) === 0) out += pick(['""', "''"], below);
    at += length;
  }
  return out === '' ? '""' : out;
}

/** Joins words by what haproxy takes for blanks. */
export function joinWords(words: readonly string[], below: Below): string {
  return words.reduce(
    (left, right) => left + pick([' ', '\t', '  ', ' \r', '\v', '\f ', '\t\r'], below) + right,
  );
}
