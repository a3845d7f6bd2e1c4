// Drains that wait, over a server by script and a clock moved by hand.

import { describe, expect, it } from '@jest/globals';
import { awaitDrain, beginDrain, type DrainLook, type DrainWish } from '../../../../agent/core/runtime/drain';
import { AgentError } from '../../../../agent/model/errors';
import { createHandClock } from '../../../fakes/hand-clock';
import { passTime } from '../../../fakes/pass-time';

const idle: DrainLook = { sessions: 0, queue: 0, mode: 'drain', cookiePersistent: false };
const wish: DrainWish = { timeoutMs: 60_000, afterwards: undefined, force: false };
const late = new AgentError('timeout', 'no answer');

/** A server that shows `looks` one after the other, the last one for ever. */
const scene = (...looks: readonly (DrainLook | AgentError)[]) => {
  const clock = createHandClock();
  const left = [...looks];
  const done: string[] = [];
  let settles = 0;
  const target = {
    look: () => {
      const next = left.length > 1 ? left.shift() : left[0];
      return next instanceof AgentError ? Promise.reject(next) : Promise.resolve(next ?? idle);
    },
    setMode: (mode: string) => {
      done.push(mode);
      return Promise.resolve();
    },
    cut: () => {
      done.push('cut');
      return Promise.resolve();
    },
    settled: () => {
      settles += 1;
      return Promise.resolve();
    },
  };
  const abort = new AbortController();
  const seen: number[] = [];
  return {
    clock,
    target,
    done,
    abort,
    seen,
    settles: () => settles,
    run: async (wanted: DrainWish = wish) => {
      const begun = await beginDrain(target);
      const report = ({ sessions }: { readonly sessions: number }) => void seen.push(sessions);
      return passTime(clock, awaitDrain(target, wanted, begun, { clock, signal: abort.signal, report }));
    },
  };
};

describe('a wait', () => {
  it('is over when two looks in a row, half a second apart, find nobody', async () => {
    const busy = { ...idle, sessions: 2 };
    const stage = scene(busy, { ...busy, sessions: 1 }, idle, { ...idle, queue: 1 }, idle);
    const startedMs = stage.clock.monotonic();
    expect(await stage.run({ ...wish, afterwards: 'maint' })).toEqual({
      state: 'completed',
      progress: { sessionsStart: 2, sessions: 0, queue: 0, cookiePersistent: false },
    });
    expect(stage.clock.monotonic() - startedMs).toBe(2_500);
    expect(stage.done).toEqual(['drain', 'maint']);
    expect(stage.seen).toEqual([1, 0, 0, 0, 0]);
  });

  it('ends when somebody makes the server ready', async () => {
    const stage = scene({ ...idle, sessions: 1 }, { ...idle, mode: 'ready' });
    expect(await stage.run()).toMatchObject({ state: 'cancelled', reason: 'the server was made ready' });
    expect(stage.settles()).toBe(1);
  });

  it('goes on when a new worker was ready only until the reload was over', async () => {
    const busy = { ...idle, sessions: 1 };
    const stage = scene(busy, { ...busy, mode: 'ready' }, busy, idle);
    expect(await stage.run()).toMatchObject({ state: 'completed' });
  });

  it('does not take a look that is shared with the one before for news of a reload', async () => {
    const busy = { ...idle, sessions: 1 };
    const stage = scene(busy, { ...busy, mode: 'ready' }, busy, idle);
    const { look } = stage.target;
    let last = { atMs: -Infinity, what: Promise.resolve(busy) };
    stage.target.look = () => {
      const nowMs = stage.clock.monotonic();
      if (nowMs - last.atMs > 100) last = { atMs: nowMs, what: look() };
      return last.what;
    };
    expect(await stage.run()).toMatchObject({ state: 'completed' });
  });

  it('outlives a haproxy that does not answer for a while', async () => {
    expect(await scene({ ...idle, sessions: 1 }, late, late, idle).run()).toMatchObject({
      state: 'completed',
    });
  });

  it('has failed when haproxy does not answer at the deadline', async () => {
    expect(await scene({ ...idle, sessions: 1 }, late).run()).toMatchObject({
      state: 'failed',
      reason: 'no answer',
    });
  });

  it('leaves the server draining when time runs out', async () => {
    const stage = scene({ ...idle, sessions: 3 });
    expect(await stage.run({ ...wish, afterwards: 'maint' })).toMatchObject({
      state: 'timeout',
      progress: { sessions: 3 },
    });
    expect(stage.done).toEqual(['drain']);
  });

  it('rejects when the server is gone, and when it is called off', async () => {
    await expect(scene({ ...idle, sessions: 1 }, new AgentError('not-found', 'gone')).run()).rejects.toThrow(
      'gone',
    );
    const stage = scene({ ...idle, sessions: 1 });
    stage.abort.abort();
    await expect(stage.run()).rejects.toBeDefined();
  });
});

describe('force', () => {
  it('cuts at the deadline, behind maintenance so that nobody comes back, and tells how many', async () => {
    const busy = { ...idle, sessions: 2 };
    const stage = scene(busy, busy, busy, idle);
    const done = await stage.run({ timeoutMs: 1_000, afterwards: 'maint', force: true });
    expect(done).toMatchObject({ state: 'completed', progress: { cut: 2, sessions: 0 } });
    expect(stage.done).toEqual(['drain', 'maint', 'cut', 'maint']);
  });

  it('does not call it done while clients with a cookie come back', async () => {
    const stage = scene({ ...idle, sessions: 2, cookiePersistent: true });
    const done = await stage.run({ timeoutMs: 1_000, afterwards: undefined, force: true });
    expect(done).toMatchObject({
      state: 'timeout',
      progress: { cut: 2, sessions: 2, cookiePersistent: true },
    });
  });
});
