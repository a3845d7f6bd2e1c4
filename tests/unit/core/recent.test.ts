// Values that are shared and reused for a moment.

import { describe, expect, it } from '@jest/globals';

import { createRecent } from '../../../agent/core/recent';
import { createHandClock } from '../../fakes/hand-clock';

describe('createRecent', () => {
  it('reuses a value until it is too old', async () => {
    const clock = createHandClock();
    let reads = 0;
    const recent = createRecent(clock, 1_000, () => Promise.resolve((reads += 1)));
    expect(await recent()).toBe(1);
    await clock.advance(1_000);
    expect(await recent()).toBe(1);
    await clock.advance(1);
    expect(await recent()).toBe(2);
  });

  it('shares one slow reading among all who wait, and counts its age from its start', async () => {
    const clock = createHandClock();
    let reads = 0;
    const recent = createRecent(clock, 1_000, async () => {
      reads += 1;
      await clock.sleep(5_000);
      return reads;
    });
    const first = recent();
    await clock.advance(3_000);
    const second = recent();
    await clock.advance(2_000);
    expect(await Promise.all([first, second])).toEqual([1, 1]);
    const third = recent();
    await clock.advance(5_000);
    expect(await third).toBe(2);
  });

  it('tells all who wait of a failure and does not keep it', async () => {
    const outcomes = [() => Promise.reject(new Error('broken')), () => Promise.resolve('whole')];
    const recent = createRecent(createHandClock(), 1_000, () => outcomes.shift()!());
    const waiting = await Promise.allSettled([recent(), recent()]);
    expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await recent()).toBe('whole');
  });
});
