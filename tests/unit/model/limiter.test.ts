// At most so many at once.

import { describe, expect, it } from '@jest/globals';
import { createLimiter } from '../../../agent/model/limiter';

describe('a limiter of two', () => {
  it('runs two at once, the others in the order of their calls', async () => {
    const limit = createLimiter(2);
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const jobs = [0, 1, 2, 3].map((index) =>
      limit(() => {
        begun.push(index);
        return new Promise<void>((resolve) => finish.push(resolve));
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    finish[0]?.();
    await jobs[0];
    expect(begun).toEqual([0, 1, 2]);
    finish[1]?.();
    await jobs[1];
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const end of finish) end();
    await Promise.all(jobs);
  });

  it('gives a place back when a job fails', async () => {
    const limit = createLimiter(1);
    await expect(limit(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await limit(() => Promise.resolve('yes'))).toBe('yes');
  });
});
