// The memory for bodies: who waits, who goes on, who is given up.

import { describe, expect, it } from '@jest/globals';
import { createUploads, freeBytes } from '../../../agent/http/uploads';
import { createHandClock } from '../../fakes/hand-clock';

const mib = 1024 * 1024;

function setUp(mostBytes: number) {
  const clock = createHandClock();
  const uploads = createUploads(clock, mostBytes);
  const events: string[] = [];
  const begin = (name: string) => {
    const share = uploads();
    share.begin({ goOn: () => events.push(`${name} goes on`), lost: () => events.push(`${name} is lost`) });
    return share;
  };
  return { clock, events, begin };
}

describe('memory for bodies', () => {
  it('is there for all as long as it lasts, and for small bodies always', () => {
    const { begin } = setUp(2 * mib);
    expect(begin('a').take(mib)).toBe(true);
    expect(begin('b').take(mib)).toBe(true);
    expect(begin('c').take(mib)).toBe(false);
    expect(begin('small').take(freeBytes)).toBe(true);
  });

  it('that is freed lets the next ones go on', async () => {
    const { begin, events, clock } = setUp(2 * mib);
    const whole = begin('whole');
    whole.take(2 * mib);
    whole.whole();
    begin('next').take(mib);
    await clock.advance(10_000);
    expect(events).toEqual([]);
    whole.release();
    whole.release();
    expect(events).toEqual(['next goes on']);
    expect(clock.pending()).toBe(0);
  });

  it('is taken from a body that does not come along, while others wait', async () => {
    const { begin, events, clock } = setUp(2 * mib);
    const slow = begin('slow');
    slow.take(2 * mib);
    await clock.advance(10_000);
    expect(events).toEqual([]);
    const next = begin('next');
    next.take(mib);
    await clock.advance(1_000);
    expect(events).toEqual(['slow is lost', 'next goes on']);
  });

  it('is left to a body that comes along', async () => {
    const { begin, events, clock } = setUp(2 * mib);
    const steady = begin('steady');
    steady.take(2 * mib - 100_000);
    begin('next').take(mib);
    for (let time = 0; time < 9; time += 1) {
      await clock.advance(100);
      steady.take(10_000);
    }
    expect(events).not.toContain('steady is lost');
  });

  it('is exceeded by the first alone when all wait for each other', async () => {
    const { begin, events, clock } = setUp(mib);
    const first = begin('first');
    const second = begin('second');
    expect([first.take(mib), second.take(mib), first.take(mib)]).toEqual([true, false, false]);
    await clock.advance(0);
    expect(events).toEqual(['first goes on']);
    expect(first.take(4 * mib)).toBe(true);
    first.release();
    expect(events).toEqual(['first goes on', 'second goes on']);
  });
});
