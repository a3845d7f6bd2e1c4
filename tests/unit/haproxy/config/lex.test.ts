// Words as haproxy 2.6.12 reads them: each row was compared with what `description` gives back in its `show info`.

import { describe, expect, it } from '@jest/globals';
import { lexConfig, lexLine } from '../../../../agent/haproxy/config/lex';

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
    ['a broken number is left as it is', String.raw`a\xG1 \x4`, [String.raw`a\xG1`, String.raw`\x4`]],
    ['other escapes are left as they are', String.raw`h\1 \v`, [String.raw`h\1`, String.raw`\v`]],
    ['a backslash at the end', 'x\\', ['x\\']],
    ['a dollar is escaped in double quotes', String.raw`"c\$d"`, ['c$d']],
    ['a dollar is not escaped outside them', String.raw`a\$b`, [String.raw`a\$b`]],
    ['a carriage return ends the line', 'mode http\r garbage', ['mode', 'http']],
    ['a carriage return ends the line in quotes too', '"a\rb" c', ['a']],
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
      Array.from({ length: 1 + random(8) }, () => String.fromCharCode(1 + random(255))).join('');
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
    expect(lexConfig(text)).toEqual([
      { number: 3, words: ['global'] },
      { number: 4, words: ['daemon'] },
      { number: 7, words: ['defaults'] },
    ]);
  });

  it('may end as on Windows', () => {
    expect(lexConfig('global\r\n  daemon\r\n').map((line) => line.words)).toEqual([['global'], ['daemon']]);
  });
});
