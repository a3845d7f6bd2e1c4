// The same cases on the hand-moved clock and the real one. `pass` lets the given time go by.

import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../agent/host/clock';
import { createNodeClock } from '../../agent/host/node/clock';
import { createHandClock } from '../fakes/hand-clock';

interface Subject {
  readonly clock: Clock;
  pass(ms: number): Promise<void>;
}

function handSubject(): Subject {
  const clock = createHandClock();
  return { clock, pass: (ms) => clock.advance(ms) };
}

function nodeSubject(): Subject {
  return { clock: createNodeClock(), pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
}

/** Lets time pass until `done`, at most 10 s of it. */
async function passUntil(subject: Subject, done: () => boolean): Promise<void> {
  for (let passedMs = 0; !done() && passedMs < 10_000; passedMs += 5) await subject.pass(5);
}

describe.each([
  ['moved by hand', handSubject],
  ['real', nodeSubject],
])('clock %s', (_name, make) => {
  it('has a wall time of this century and a monotonic time above zero', () => {
    const { clock } = make();
    expect(clock.now()).toBeGreaterThan(Date.UTC(2001, 0));
    expect(clock.monotonic()).toBeGreaterThan(0);
  });

  it('sleeps at least as long as asked, in monotonic time', async () => {
    const subject = make();
    const start = subject.clock.monotonic();
    let woke = false;
    const asleep = subject.clock.sleep(20).then(() => {
      woke = true;
    });
    expect(woke).toBe(false);
    await passUntil(subject, () => woke);
    await asleep;
    // Node's timers count whole milliseconds and may be one early by a finer clock.
    expect(subject.clock.monotonic() - start).toBeGreaterThanOrEqual(19);
  });

  it('wakes the shorter sleep first', async () => {
    const subject = make();
    const order: string[] = [];
    void subject.clock.sleep(60).then(() => order.push('long'));
    void subject.clock.sleep(10).then(() => order.push('short'));
    await passUntil(subject, () => order.length === 2);
    expect(order).toEqual(['short', 'long']);
  });

  it('does not wait for a sleep of nothing', async () => {
    const { clock } = make();
    await clock.sleep(0);
    await clock.sleep(-5);
  });

  it('rejects a sleep with the reason of its signal, before and during', async () => {
    const { clock } = make();
    const reason = new Error('stopping');
    await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const stop = new AbortController();
    const asleep = clock.sleep(60_000, stop.signal);
    stop.abort(reason);
    await expect(asleep).rejects.toBe(reason);
  });

  it('leaves a finished sleep alone when its signal is aborted later', async () => {
    const subject = make();
    const stop = new AbortController();
    let woke = false;
    const asleep = subject.clock.sleep(5, stop.signal).then(() => {
      woke = true;
    });
    await passUntil(subject, () => woke);
    stop.abort();
    await expect(asleep).resolves.toBeUndefined();
  });

  it('ticks again and again until aborted, even from within a tick', async () => {
    const subject = make();
    const stop = new AbortController();
    let ticks = 0;
    subject.clock.every(5, stop.signal, () => {
      ticks += 1;
      if (ticks === 3) stop.abort();
    });
    expect(ticks).toBe(0);
    await passUntil(subject, () => ticks >= 3);
    await subject.pass(30);
    expect(ticks).toBe(3);
  });

  it('never ticks for a signal that is aborted already', async () => {
    const subject = make();
    let ticks = 0;
    subject.clock.every(1, AbortSignal.abort(), () => (ticks += 1));
    await subject.pass(20);
    expect(ticks).toBe(0);
  });
});
