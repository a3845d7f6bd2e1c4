// Paths of requests, held against those of rows.

import { describe, expect, it } from '@jest/globals';
import { isBelowPrefix, pathParams } from '../../../agent/http/path';

const row = '/v1/lists/:list/entries/:entry';

describe('a path', () => {
  it('gives the parameters of its row, percent-decoded', () => {
    expect(pathParams(row, '/v1/lists/a%2Fb/entries/%C3%A9', 'strict')).toEqual({ list: 'a/b', entry: 'é' });
    expect(pathParams('/v1/lists', '/v1/lists', 'strict')).toEqual({});
    expect(pathParams('/', '/', 'strict')).toEqual({});
  });

  it.each([
    ['another word', '/v1/lists/a/items/b'],
    ['another case', '/v1/Lists/a/entries/b'],
    ['an empty parameter', '/v1/lists//entries/b'],
    ['a segment less', '/v1/lists/a/entries'],
    ['a segment more', '/v1/lists/a/entries/b/c'],
    ['a word that only decodes to the same', '/v1/%6Cists/a/entries/b'],
  ])('with %s is that of no such row', (_what, path) => {
    expect(pathParams(row, path, 'lenient')).toBeUndefined();
  });

  it('may end in one slash where slashes are lenient', () => {
    const ends = (path: string, slashes: 'lenient' | 'strict') =>
      pathParams('/v1/lists/:list', path, slashes);
    expect(ends('/v1/lists/a/', 'lenient')).toEqual({ list: 'a' });
    expect(ends('/v1/lists/a/', 'strict')).toBeUndefined();
    expect(ends('/v1/lists/a//', 'lenient')).toBeUndefined();
    expect(ends('/v1/lists//', 'lenient')).toBeUndefined();
  });

  it('that is not percent-encoded UTF-8 is refused', () => {
    expect(() => pathParams(row, '/v1/lists/%ff/entries/b', 'strict')).toThrow(
      expect.objectContaining({ kind: 'invalid-input', detail: 'path: expected percent-encoded UTF-8' }),
    );
  });

  it('lies below a prefix by whole segments', () => {
    expect(['/v1', '/v1/', '/v1/a'].map((path) => isBelowPrefix(['/v1'], path))).toEqual([true, true, true]);
    expect(['/v10', '/', '/v'].map((path) => isBelowPrefix(['/v1'], path))).toEqual([false, false, false]);
    expect(isBelowPrefix([''], '/anything')).toBe(true);
    expect(isBelowPrefix([], '/anything')).toBe(false);
  });
});
