// Bursts of reloads share one, and nobody is told a result that his change had no part in.

import { describe, expect, it } from '@jest/globals';
import { createGate } from '../../../agent/core/gate';
import { createReloadQueue } from '../../../agent/core/reload-queue';
import { parseListenerUuid, type LoadBalancerId } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';

const first = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const second = parseListenerUuid('0b000000-0000-4000-8000-000000000002');
const takesMs = 100;

const setUp = (windowMs = 0) => {
  const clock = createHandClock();
  const gate = createGate<LoadBalancerId>();
  const begun: string[] = [];
  const start = clock.monotonic();
  const failures: Error[] = [];
  const queue = createReloadQueue<number>({
    clock,
    windowMs,
    run: (id, begin) =>
      gate.run(id, async () => {
        begin();
        begun.push(`${id.slice(0, 2)} at ${clock.monotonic() - start}`);
        await clock.sleep(takesMs);
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return begun.length;
      }),
  });
  return { clock, gate, begun, failures, queue };
};

describe('reloads', () => {
  it('that are asked for before one has begun share it and its outcome', async () => {
    const { clock, gate, begun, queue } = setUp();
    const busy = gate.run(first, () => clock.sleep(50));
    const all = Promise.all([queue.reload(first), queue.reload(first), queue.reload(first)]);
    await clock.advance(1_000);
    await busy;
    expect(await all).toEqual([1, 1, 1]);
    expect(begun).toEqual(['0a at 50']);
  });

  it('that are asked for once one has begun are another', async () => {
    const { clock, begun, queue } = setUp();
    const one = queue.reload(first);
    await clock.advance(10);
    const others = Promise.all([queue.reload(first), queue.reload(first)]);
    await clock.advance(1_000);
    expect([await one, await others]).toEqual([1, [2, 2]]);
    expect(begun).toEqual(['0a at 0', '0a at 100']);
  });

  it('of two load balancers run side by side', async () => {
    const { clock, begun, queue } = setUp();
    const both = Promise.all([queue.reload(first), queue.reload(second)]);
    await clock.advance(1_000);
    await both;
    expect(begun).toEqual(['0a at 0', '0b at 0']);
  });

  it('that share one share its failure, and the next is tried anew', async () => {
    const { clock, failures, queue } = setUp();
    failures.push(new Error('cannot bind'));
    const both = Promise.allSettled([queue.reload(first), queue.reload(first)]);
    await clock.advance(1_000);
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = queue.reload(first);
    await clock.advance(1_000);
    expect(await next).toBe(2);
  });
});

describe('a reload window', () => {
  it('lets the first begin at once and the next when it is over, however many ask', async () => {
    const { clock, begun, queue } = setUp(5_000);
    const one = queue.reload(first);
    await clock.advance(1_000);
    const burst = Promise.all([queue.reload(first), queue.reload(first)]);
    await clock.advance(2_000);
    const late = queue.reload(first);
    await clock.advance(10_000);
    expect([await one, await burst, await late]).toEqual([1, [2, 2], 2]);
    expect(begun).toEqual(['0a at 0', '0a at 5000']);
  });

  it.each([-86_400_000, 86_400_000])('is as long whatever the wall clock does: %d ms', async (jump) => {
    const { clock, begun, queue } = setUp(5_000);
    await Promise.all([queue.reload(first), clock.advance(1_000)]);
    const next = queue.reload(first);
    clock.jumpWall(jump);
    await clock.advance(3_999);
    expect(begun).toEqual(['0a at 0']);
    await clock.advance(1_000);
    expect([await next, begun]).toEqual([2, ['0a at 0', '0a at 5000']]);
  });

  it('is each load balancer’s own', async () => {
    const { clock, begun, queue } = setUp(5_000);
    const one = queue.reload(first);
    await clock.advance(1_000);
    const other = queue.reload(second);
    await clock.advance(1_000);
    await Promise.all([one, other]);
    expect(begun).toEqual(['0a at 0', '0b at 1000']);
  });

  it('that is over costs nothing', async () => {
    const { clock, begun, queue } = setUp(5_000);
    const one = queue.reload(first);
    await clock.advance(6_000);
    const next = queue.reload(first);
    await clock.advance(1_000);
    await Promise.all([one, next]);
    expect(begun).toEqual(['0a at 0', '0a at 6000']);
  });

  it('ends when somebody must come after the reload, who then does', async () => {
    const { clock, gate, begun, queue } = setUp(5_000);
    const one = queue.reload(first);
    await clock.advance(1_000);
    const waiting = queue.reload(first);
    queue.hurry(first);
    const stop = gate.run(first, () => Promise.resolve(begun.push('stop')));
    await clock.advance(1_000);
    await Promise.all([one, waiting, stop]);
    expect(begun).toEqual(['0a at 0', '0a at 1000', 'stop']);
  });

  it('in which nobody waits is not hurried', async () => {
    const { clock, begun, queue } = setUp(5_000);
    queue.hurry(first);
    const one = queue.reload(first);
    await clock.advance(1_000);
    await one;
    queue.hurry(first);
    expect(begun).toEqual(['0a at 0']);
  });
});
