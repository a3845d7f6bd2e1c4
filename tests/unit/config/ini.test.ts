// oslo.config's dialect, case by case from its iniparser.py, and what npm's `ini` corrupts.

import { describe, expect, it } from '@jest/globals';
import { parseIni } from '../../../agent/config/ini';

const values = (text: string): readonly string[] => parseIni(text).entries.map((entry) => entry.value);
const one = (line: string): string | undefined => values(`[s]\n${line}\n`)[0];

describe('values that must survive untouched', () => {
  it.each([
    ['heartbeat_key = abc;def#123', 'abc;def#123'],
    ['url = http://host/path#fragment', 'http://host/path#fragment'],
    ['key = null', 'null'],
    ['key = true', 'true'],
    ['key = 0123', '0123'],
    ['key = a=b:c', 'a=b:c'],
    ['key = {"json": ["x"]}', '{"json": ["x"]}'],
    ['key = back\\slash\\n', 'back\\slash\\n'],
    ['key = ключ', 'ключ'],
    ['key[] = x', 'x'],
    ['key = ', ''],
  ])('%s', (line, value) => {
    expect(one(line)).toBe(value);
    expect(parseIni(`[s]\n${line}`).errors).toEqual([]);
  });

  it('takes "=" or ":", whichever comes first', () => {
    const { entries } = parseIni('[s]\nextra: colon\na:b=c\nd=e:f\n');
    expect(entries.map(({ key, value }) => [key, value])).toEqual([
      ['extra', 'colon'],
      ['a', 'b=c'],
      ['d', 'e:f'],
    ]);
  });

  it('tells of every section, those without a key too', () => {
    expect(parseIni('[a]\n[b]\nk = v\n[a]').sections).toEqual([
      { section: 'a', line: 1 },
      { section: 'b', line: 2 },
      { section: 'a', line: 4 },
    ]);
  });

  it('keeps a dotted section one section', () => {
    expect(parseIni('[a.b]\nk = v').entries).toEqual([{ section: 'a.b', key: 'k', value: 'v', line: 2 }]);
  });
});

describe('quotes', () => {
  it.each([
    ['k = "quoted "', 'quoted '],
    ["k = 'single'", 'single'],
    ['k = ""', ''],
    ['k = "', ''],
    ['k = ""twice""', '"twice"'],
    ['k = "mixed\'', '"mixed\''],
    ['k = in "the" middle', 'in "the" middle'],
    ['k = "a", "b"', 'a", "b'],
  ])('%s reads as oslo reads it', (line, value) => {
    expect(one(line)).toBe(value);
  });
});

describe('comments and continuation', () => {
  it('takes comments only at the start of a line', () => {
    expect(values('# c\n; c\n[s]\n#k = 1\nk = v # kept\n')).toEqual(['v # kept']);
  });

  it('joins indented lines with newlines, comment signs included', () => {
    expect(values('[s]\nk = a,\n  b,\n\t# c\nl = d\n')).toEqual(['a,\nb,\n# c', 'd']);
  });

  it('counts an entry at the line of its key', () => {
    expect(parseIni('\n[s]\nk = a\n b\n\nl = c').entries.map((entry) => entry.line)).toEqual([3, 6]);
  });

  it('ends a value at a blank line, a comment and a section', () => {
    for (const between of ['', '   ', '# c', '[t]']) {
      expect(parseIni(`[s]\nk = a\n${between}\n b`).errors.map((error) => error.line)).toEqual([4]);
    }
  });

  it('reads every kind of line end and a byte order mark', () => {
    expect(parseIni('\ufeff[s]\r\na = 1\rb = 2\nc = 3').entries).toEqual([
      { section: 's', key: 'a', value: '1', line: 2 },
      { section: 's', key: 'b', value: '2', line: 3 },
      { section: 's', key: 'c', value: '3', line: 4 },
    ]);
  });

  it('keeps repeated keys and sections in order', () => {
    expect(values('[s]\nk = 1\n[t]\nk = 2\n[s]\nk = 3')).toEqual(['1', '2', '3']);
  });
});

describe('bad lines', () => {
  it('reports all of them with their numbers, and none of their text', () => {
    const { entries, errors } = parseIni(
      'early = s3cret\n[]\n[open\n[s]\n= s3cret\ns3cret\n  s3cret\nk = v\n\n s3cret\n',
    );
    expect(errors.map((error) => error.line)).toEqual([1, 2, 3, 5, 6, 7, 10]);
    expect(JSON.stringify(errors)).not.toContain('s3cret');
    expect(entries).toEqual([{ section: 's', key: 'k', value: 'v', line: 8 }]);
  });
});
