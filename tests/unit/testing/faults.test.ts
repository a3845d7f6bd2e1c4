// What can be scripted to go wrong: what is planned happens as often as was said, and what cannot happen is refused.

import { describe, expect, it } from '@jest/globals';
import { createFaults } from '../../../agent/testing/fake-haproxy/faults';
import type { Fault } from '../../../agent/testing/fake-load-balancer';

describe('faults of a fake haproxy', () => {
  it('happen once or always, to one load balancer or to all', () => {
    const faults = createFaults();
    faults.plan('a', { kind: 'check-fails', printed: 'once' }, 'next');
    faults.plan(undefined, { kind: 'check-fails', printed: 'always' }, 'always');
    const told = ['a', 'a', 'b'].map((id) => faults.take(id, 'check-fails')?.printed);
    expect(told).toEqual(['once', 'always', 'always']);
    faults.heal(undefined);
    expect(faults.take('a', 'check-fails')).toBeUndefined();
  });

  it('are refused when there is no such fault: a misspelt one would never happen', () => {
    const misspelt = { kind: 'reload-failed' } as unknown as Fault;
    expect(() => createFaults().plan('a', misspelt, 'next')).toThrow(
      /one of check-fails, .*got "reload-failed"/,
    );
  });
});
