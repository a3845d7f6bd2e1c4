// One change at a time per key.

import { describe, expect, it } from '@jest/globals';
import { createGate } from '../../../agent/core/gate';
import { createHandClock } from '../../fakes/hand-clock';

describe('jobs behind a gate', () => {
  it('of one key run in the order of the calls, one after the other', async () => {
    const clock = createHandClock();
    const gate = createGate<string>();
    const events: string[] = [];
    const job = (name: string, ms: number) => async (): Promise<void> => {
      events.push(`${name} starts`);
      await clock.sleep(ms);
      events.push(`${name} ends`);
    };
    const all = Promise.all([
      gate.run('a', job('slow', 30)),
      gate.run('a', job('quick', 1)),
      gate.run('a', job('last', 0)),
    ]);
    await clock.advance(100);
    await all;
    expect(events).toEqual([
      'slow starts',
      'slow ends',
      'quick starts',
      'quick ends',
      'last starts',
      'last ends',
    ]);
  });

  it('of different keys run side by side', async () => {
    const gate = createGate<string>();
    const clock = createHandClock();
    const slow = gate.run('a', () => clock.sleep(1_000));
    expect(await gate.run('b', () => Promise.resolve('done'))).toBe('done');
    await clock.advance(1_000);
    await slow;
  });

  it('fail alone: the caller is told, those behind run', async () => {
    const gate = createGate<string>();
    const failing = gate.run('a', () => Promise.reject(new Error('no')));
    const next = gate.run('a', () => Promise.resolve(7));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe(7);
  });

  it('that throw before their first wait fail alone, too', async () => {
    const gate = createGate<string>();
    const failing = gate.run('a', () => {
      throw new Error('at once');
    });
    const next = gate.run('a', () => Promise.resolve(7));
    await expect(failing).rejects.toThrow('at once');
    expect(await next).toBe(7);
  });

  it('never overlap, whatever the mixture of keys, lengths and failures', async () => {
    const clock = createHandClock();
    const gate = createGate<number>();
    const inside = [0, 0, 0];
    const order: number[][] = [[], [], []];
    const jobs = Array.from({ length: 90 }, (_, turn) => {
      const key = (turn * 7) % 3;
      return gate.run(key, async () => {
        inside[key]! += 1;
        expect(inside[key]).toBe(1);
        order[key]?.push(turn);
        await clock.sleep((turn * 13) % 5);
        inside[key]! -= 1;
        if (turn % 4 === 0) throw new Error('planned');
      });
    });
    const all = Promise.allSettled(jobs);
    await clock.advance(10_000);
    const failed = (await all).filter(({ status }) => status === 'rejected').length;
    expect(failed).toBe(23);
    for (const turns of order) expect(turns).toEqual([...turns].sort((a, b) => a - b));
  });
});
