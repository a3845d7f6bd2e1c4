// Words as haproxy 2.6 reads them; tests/surfaces/lexer.test.ts compares thousands of lines with a running one.

import { describe, expect, it } from '@jest/globals';
import { lexConfig, lexLine, type ConfigLine } from '../../../../agent/haproxy/config/lex';

describe('the words of a line', () => {
  it.each<[what: string, line: string, words: readonly string[]]>([
    ['blanks and tabs part words', ' \tbind  :80\t ssl ', ['bind', ':80', 'ssl']],
    ['vertical tab and form feed part words', 'a\u000bb\u000cc', ['a', 'b', 'c']],
    ['nothing', '', []],
    ['only blanks', '  \t', []],
    ['only a comment', '   # user root', []],
    ['a comment may touch a word', 'm#n', ['m']],
    ['a quoted hash is no comment', '"r#s" \'t#u\'', ['r#s', 't#u']],
    ['an escaped hash is no comment', String.raw`\# z`, ['#', 'z']],
    ['quotes join what they touch', 'a"b c"d t""u', ['ab cd', 'tu']],
    ['an empty pair of quotes is a word', `x "" ''`, ['x', '', '']],
    ['one kind of quote holds the other', `"a'b" 'c"d'`, [`a'b`, `c"d`]],
    ['a quote left open ends with the line', `"a b`, ['a b']],
    ['an escaped quote opens nothing', String.raw`e\"f \'q`, ['e"f', "'q"]],
    ['an escaped blank parts nothing', String.raw`i\ j`, ['i j']],
    ['escapes in double quotes', String.raw`"i\ j" "o\tp" "b\'c"`, ['i j', 'o\tp', "b'c"]],
    ['no escapes in single quotes', String.raw`'g\n' 'a\'`, [String.raw`g\n`, 'a\\']],
    ['control characters by name', String.raw`a\tb\nc\rd`, ['a\tb\nc\rd']],
    ['a doubled backslash', String.raw`a\\b`, ['a\\b']],
    ['characters by number', String.raw`k\x41l "q\x42" lua\x2dload \x2F`, ['kAl', 'qB', 'lua-load', '/']],
    ['a broken number ends the line', String.raw`a b\xG1 c`, ['a', 'b']],
    ['a number of zero ends the word', String.raw`a\x00b c`, ['a', 'c']],
    ['letters by the bytes of their encoding', String.raw`\xc3\xa9 é`, ['é', 'é']],
    ['bytes that are no text, one character each', String.raw`a\xff`, ['a\u00ff']],
    ['variables, as they are written', '"a${B}c" "$D"', ['a${B}c', '$D']],
    ['quotes within the default of a variable', '"${A-"} b"', ['${A-"} b']],
    ['other escapes are left as they are', String.raw`h\1 \v`, [String.raw`h\1`, String.raw`\v`]],
    ['a backslash at the end', 'x\\', ['x\\']],
    ['a dollar is escaped in double quotes', String.raw`"c\$d"`, ['c$d']],
    ['a dollar is not escaped outside them', String.raw`a\$b`, [String.raw`a\$b`]],
    ['a carriage return ends the line', 'mode http\r garbage', ['mode', 'http']],
    ['a carriage return ends the line in quotes too', '"a\rb" c', ['a']],
    ['a carriage return after a blank is a blank', 'a \rb', ['a', 'b']],
    ['a carriage return at the begin is a blank', '\rlua-load x', ['lua-load', 'x']],
  ])('%s', (_what, line, words) => {
    expect(lexLine(line)).toEqual(words);
  });

  it('give back any words that are written with every character by number', () => {
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const word = (): string =>
      Array.from({ length: 1 + random(8) }, () => String.fromCharCode(1 + random(127))).join('');
    const escaped = (text: string): string =>
      Array.from(text, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
    for (let turn = 0; turn < 300; turn += 1) {
      const words = Array.from({ length: random(5) }, word);
      expect(lexLine(words.map(escaped).join(' '))).toEqual(words);
      expect(lexLine(words.map((each) => `"${escaped(each)}"`).join('\t'))).toEqual(words);
    }
  });
});

describe('the lines of a configuration', () => {
  it('keep their numbers although empty ones and comments are left out', () => {
    const text = '# first\n\nglobal\n    daemon # why\n\n  \ndefaults';
    expect(lexConfig(text)).toMatchObject([
      { number: 3, words: ['global'] },
      { number: 4, words: ['daemon'] },
      { number: 7, words: ['defaults'] },
    ]);
  });

  it('may end as on Windows', () => {
    expect(lexConfig('global\r\n  daemon\r\n').map((line) => line.words)).toEqual([['global'], ['daemon']]);
  });
});

describe('what else is told of a line', () => {
  const lineOf = (text: string): ConfigLine => lexConfig(text)[0]!;

  it('is which words were written with quotes or backslashes', () => {
    expect(lineOf(String.raw`a "b" c'' d\ e f\1 g`).dressed).toEqual([false, true, true, true, true, false]);
  });

  it.each([
    ['"$A" b', [0]],
    ['a "b${C}" "${D[*]}-${E-f}"', [1, 2]],
    ['a "x$.LINE"', [1]],
    ['a $B ${C}', []],
    ["a '$B'", []],
    [String.raw`a "\$B"`, []],
  ])('is which words hold a variable: %s', (text, indexes) => {
    expect(lineOf(text).usesEnvironment).toEqual(indexes);
  });

  it.each<[what: string, line: string, fault: RegExp]>([
    ['a quote left open', 'a "b', /left open/],
    ['a broken number', String.raw`a \x4`, /hexadecimal/],
    ['a variable left open', 'a "${B"', /variable/],
    ['a variable without a name', 'a "$"', /variable/],
    ['a wrong word expansion', 'a "${B[1]}"', /variable/],
    ['an unknown internal variable', 'a "$.LINES"', /variable/],
    ['too many words', 'w '.repeat(64), /64 words/],
    ['a NUL in the file', 'a b\0c', /NUL/],
    ['a NUL by number', String.raw`a\x00b`, /NUL/],
  ])('is why haproxy refuses it: %s', (_what, line, fault) => {
    expect(lineOf(line).faults.join()).toMatch(fault);
  });

  it.each([['w '.repeat(63)], [`${'w '.repeat(63)}w`], ['a "b" c # "'], ['a \'$\' "\\$"']])(
    'is no fault: %s',
    (line) => {
      expect(lineOf(line).faults).toEqual([]);
    },
  );
});
