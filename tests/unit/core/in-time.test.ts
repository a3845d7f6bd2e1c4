// Waiting no longer than an answer is worth.

import { describe, expect, it } from '@jest/globals';
import { inTime } from '../../../agent/core/in-time';
import { createHandClock } from '../../fakes/hand-clock';
import { passTime } from '../../fakes/pass-time';

describe('an answer in time', () => {
  it('is given, and its failure thrown', async () => {
    const clock = createHandClock();
    expect(await inTime(clock, 100, () => Promise.resolve(7))).toBe(7);
    await expect(inTime(clock, 100, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('is undefined when it takes longer; a failure that comes after that harms nobody', async () => {
    const clock = createHandClock();
    const late = async (): Promise<number> => {
      await clock.sleep(200);
      throw new Error('too late to matter');
    };
    expect(await passTime(clock, inTime(clock, 100, late))).toBeUndefined();
    await clock.advance(200);
  });
});
