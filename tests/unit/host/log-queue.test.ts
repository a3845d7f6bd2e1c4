import { describe, expect, it } from '@jest/globals';
import { createBoundedQueue } from '../../../agent/host/node/bounded-queue';

describe('a bounded queue', () => {
  it('gives items back in their order', () => {
    const queue = createBoundedQueue<string>(2);
    queue.push('a');
    queue.push('b');
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['a', 'b', undefined]);
  });

  it('refuses what comes when full, keeps what it has, and counts the loss until it is told', () => {
    const queue = createBoundedQueue<number>(2);
    expect([1, 2, 3, 4].map((item) => queue.push(item))).toEqual([true, true, false, false]);
    expect([queue.size(), queue.dropped(), queue.takeDropped(), queue.dropped()]).toEqual([2, 2, 2, 0]);
    expect(queue.shift()).toBe(1);
    expect(queue.push(5)).toBe(true);
  });
});
