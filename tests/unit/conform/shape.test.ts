// What shapes accept, and how they tell what is wrong.

import { describe, expect, it } from '@jest/globals';
import { faultsOf, expectedText, gotText } from '../../../agent/conform/expectation';
import {
  anyNumber,
  arrayOf,
  exactly,
  having,
  lacking,
  oneOf,
  shapeOf,
  textLike,
  type Wanted,
} from '../../../agent/conform/shape';
import { scriptedAnswer } from '../../fakes/scripted-https';

const faults = (wanted: Wanted, value: unknown) => shapeOf(wanted).faults(value, 'body');

describe('a shape', () => {
  it.each<[string, Wanted, unknown]>([
    ['a literal', 'OK', 'OK'],
    ['an object with more than it names', { message: 'OK' }, { message: 'OK', details: 'x' }],
    ['an exact object', exactly({ n: anyNumber }), { n: 1 }],
    ['a list', arrayOf({ uuid: textLike() }), [{ uuid: 'a' }, { uuid: 'b' }]],
    ['an element among others', having({ uuid: 'b' }), [{ uuid: 'a' }, { uuid: 'b' }]],
    ['what is not there', lacking('c'), [{ uuid: 'a' }, 'b']],
    ['one of some words', oneOf('UP', 'DOWN'), 'DOWN'],
  ])('accepts %s', (_what, wanted, value) => {
    expect(faults(wanted, value)).toEqual([]);
  });

  it.each<[string, Wanted, unknown, readonly string[]]>([
    ['a missing member', { a: { b: 1 } }, { a: {} }, ['body.a.b: nothing, not 1']],
    ['a member too many', exactly({ a: 1 }), { a: 1, b: 2 }, ['body.b: not expected']],
    ['another type', arrayOf('x'), {}, ['body: {}, not array']],
    ['each wrong element', arrayOf(anyNumber), [1, 'x'], ['body[1]: "x", not number']],
    ['an element that is missing', having('b'), ['a'], ['body: has no "b", is ["a"]']],
    ['what should be gone', lacking('a'), [{ uuid: 'a' }], ['body: has a']],
  ])('tells %s by its place', (_what, wanted, value, told) => {
    expect(faults(wanted, value)).toEqual(told);
  });
});

describe('an expectation', () => {
  const expected = { status: [202], json: exactly({ message: 'OK' }), headers: { etag: 'abc' } };

  it('says itself and what came in a line', () => {
    expect(expectedText(expected)).toBe('202 etag: "abc" {"message": "OK"}');
    expect(gotText(scriptedAnswer(202, { message: 'OK' }, { etag: 'abc' }))).toBe(
      '202 etag: abc {"message":"OK"}',
    );
  });

  it('holds', () => {
    expect(faultsOf(expected, scriptedAnswer(202, { message: 'OK' }, { etag: 'abc' }))).toEqual([]);
  });

  it('tells status, header, type and body that are wrong, all of them', () => {
    const answer = scriptedAnswer(200, '<html>', { etag: '"abc"' });
    expect(faultsOf(expected, answer)).toEqual([
      'status: 200, not 202',
      'etag: "\\"abc\\"", not "abc"',
      'content-type: "text/plain; charset=UTF-8", not "application/json"',
      'body: no JSON: "<html>"',
    ]);
  });

  it('takes a connection that ends for an answer only where that is allowed', () => {
    const ended = { kind: 'ended', why: 'ECONNRESET' } as const;
    expect(faultsOf({ status: [401], mayEnd: true }, ended)).toEqual([]);
    expect(faultsOf({ status: [401] }, ended)).toEqual([
      'the connection ended without an answer (ECONNRESET)',
    ]);
  });
});
