// When a group that died is started again.

import { describe, expect, it } from '@jest/globals';
import { nextTry } from '../../../agent/supervisor/restart-policy';

describe('the wait before a restart', () => {
  it('doubles from one second to sixty', () => {
    const waits = Array.from({ length: 9 }, (_, failures) => nextTry(failures, 0).waitMs / 1_000);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('stays sixty seconds however often it fails', () => {
    expect(nextTry(1_000_000, 0)).toEqual({ failures: 1_000_001, waitMs: 60_000 });
  });

  it('begins anew for what was up for sixty seconds, and not before', () => {
    expect(nextTry(5, 60_000)).toEqual({ failures: 1, waitMs: 1_000 });
    expect(nextTry(5, 59_999)).toEqual({ failures: 6, waitMs: 32_000 });
  });
});
