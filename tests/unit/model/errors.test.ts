// The one domain error.

import { describe, expect, it } from '@jest/globals';
import {
  AgentError,
  errorKinds,
  internal,
  invalidInput,
  isAgentError,
  messageOf,
  notFound,
  unsupported,
} from '../../../agent/model/errors';

describe('a domain error', () => {
  it('is known by its kind', () => {
    for (const kind of errorKinds) {
      const error = new AgentError(kind, 'why');
      expect([isAgentError(error), isAgentError(error, kind)]).toEqual([true, true]);
    }
    expect(isAgentError(new AgentError('timeout', 'why'), 'internal')).toBe(false);
    for (const other of [new Error('x'), 'x', undefined, { kind: 'internal' }]) {
      expect(isAgentError(other)).toBe(false);
    }
  });

  it('keeps its cause, and has none that was not given', () => {
    const cause = new Error('below');
    expect(new AgentError('internal', 'above', { cause }).cause).toBe(cause);
    expect('cause' in new AgentError('internal', 'above')).toBe(false);
  });

  it('says what was not found, in a sentence and as data', () => {
    expect(notFound('load balancer', 'x')).toMatchObject({
      kind: 'not-found',
      message: 'load balancer not found: x',
      subject: { what: 'load balancer', id: 'x' },
    });
  });

  it('of malformed input carries the field when one is known', () => {
    expect(invalidInput('Invalid request', 'mtu: too small')).toMatchObject({
      kind: 'invalid-input',
      detail: 'mtu: too small',
    });
    expect(invalidInput('Invalid request').detail).toBeUndefined();
  });

  it('can say that something is not supported or broke inside', () => {
    expect(unsupported('VRRP')).toMatchObject({ kind: 'unsupported', message: 'VRRP is not supported' });
    expect(internal('broken', 'cause')).toMatchObject({ kind: 'internal', cause: 'cause' });
  });
});

describe('the message of anything thrown', () => {
  it.each([
    [new Error('words'), 'words'],
    [{ message: 'of another realm' }, 'of another realm'],
    ['a string', 'a string'],
    [null, 'null'],
    [undefined, 'undefined'],
    [42, '42'],
  ])('%p reads "%s"', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
