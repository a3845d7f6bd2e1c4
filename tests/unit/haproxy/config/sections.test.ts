// Sections and frontends, as a controller renders them and as people write them.

import { describe, expect, it } from '@jest/globals';
import { globalLines, readFrontends, readSections } from '../../../../agent/haproxy/config/sections';

describe('the sections of a configuration', () => {
  it('hold their lines in order, with keyword, name and ancestor', () => {
    const sections = readSections(
      [
        'orphan line',
        'global',
        '  daemon',
        'defaults base',
        '  mode http',
        'defaults from base',
        'frontend web from base',
        '  bind :80',
        'backend pool',
      ].join('\n'),
    );
    expect(
      sections.map(({ keyword, name, from, lines }) => [
        keyword,
        name,
        from,
        lines.map((line) => line.number),
      ]),
    ).toEqual([
      ['global', '', undefined, [3]],
      ['defaults', 'base', undefined, [5]],
      ['defaults', '', 'base', []],
      ['frontend', 'web', 'base', [8]],
      ['backend', 'pool', undefined, []],
    ]);
  });

  it('are none in an empty text', () => {
    expect(readSections('')).toEqual([]);
  });
});

const modeOf = (text: string): readonly string[] =>
  readFrontends(text).map((frontend) => `${frontend.name} ${frontend.mode}`);

describe('the mode of a frontend', () => {
  it.each<[what: string, text: string, modes: readonly string[]]>([
    ['is tcp when nobody says', 'frontend a\n', ['a tcp']],
    ['is its own', 'defaults\n mode http\nfrontend a\n mode tcp\n', ['a tcp']],
    ['is the last one written', 'frontend a\n mode tcp\n mode http\n', ['a http']],
    [
      'comes from the defaults before it',
      'defaults\n mode http\nfrontend a\nlisten b\n',
      ['a http', 'b http'],
    ],
    ['does not come from defaults after it', 'frontend a\ndefaults\n mode http\n', ['a tcp']],
    ['is forgotten by new defaults', 'defaults\n mode http\ndefaults\n retries 3\nfrontend a\n', ['a tcp']],
    [
      'comes from the defaults it names',
      'defaults web\n mode http\ndefaults plain\n mode tcp\nfrontend a from web\nfrontend b\n',
      ['a http', 'b tcp'],
    ],
    [
      'comes through defaults that name others',
      'defaults web\n mode http\ndefaults more from web\n retries 3\nfrontend a from more\nfrontend b\n',
      ['a http', 'b http'],
    ],
    ['may be quoted', 'frontend a\n mode "http"\n', ['a http']],
  ])('%s', (_what, text, modes) => {
    expect(modeOf(text)).toEqual(modes);
  });

  it('is asked of frontend and listen sections only', () => {
    expect(modeOf('backend p\n mode http\npeers q\nlisten l\n mode http\n')).toEqual(['l http']);
  });
});

describe('a frontend ends TLS', () => {
  const endsTls = (lines: string): boolean | undefined =>
    readFrontends(`frontend a\n${lines}`)[0]?.terminatesTls;

  it.each([
    ['with ssl on its bind line', ' bind 10.0.0.5:443 ssl crt /x.pem alpn h2\n', true],
    ['with ssl on one of several', ' bind :80\n bind :443 ssl crt /x.pem\n', true],
    ['not with ssl on a server', ' server s 10.0.0.1:443 ssl\n', false],
    ['not with ssl in a comment', ' bind :443 # ssl\n', false],
    ['not with ssl inside another word', ' bind :443 name ssl-front\n', false],
    ['not without binds', ' mode http\n', false],
  ])('%s', (_what, lines, expected) => {
    expect(endsTls(lines)).toBe(expected);
  });
});

describe('lines of global', () => {
  it('are found in every global section and nowhere else', () => {
    const text = 'global\n user a\ndefaults\n user b\nglobal\n group c\n log /dev/log local0\n';
    const found = globalLines(text, new Set(['user', 'group']));
    expect(found.map(({ number, words }) => `${number} ${words.join(' ')}`)).toEqual([
      '2 user a',
      '6 group c',
    ]);
  });
});
