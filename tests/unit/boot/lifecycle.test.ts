// Parts that start in order and stop in reverse.

import { describe, expect, it } from '@jest/globals';
import { createLifecycle, type Part } from '../../../agent/boot/lifecycle';
import { createHandClock } from '../../fakes/hand-clock';
import { passTime } from '../../fakes/pass-time';
import { createRecordedLog } from '../../fakes/recorded-log';

const setUp = (changes: Record<string, Partial<Part>> = {}) => {
  const clock = createHandClock();
  const log = createRecordedLog();
  const events: string[] = [];
  const part = (name: string): Part => ({
    name,
    stopMs: 1_000,
    start: async () => {
      await clock.sleep(10);
      events.push(`start ${name}`);
    },
    stop: async () => {
      await clock.sleep(10);
      events.push(`stop ${name}`);
    },
    ...changes[name],
  });
  const lifecycle = createLifecycle({ log, clock }, ['a', 'b', 'c'].map(part));
  const pass = <T>(job: Promise<T>): Promise<T> => passTime(clock, job);
  return { clock, log, events, lifecycle, pass };
};
const never = (): Promise<void> => new Promise(() => undefined);

describe('parts', () => {
  it('start in order and stop in reverse, one after the other', async () => {
    const { events, lifecycle, log, pass, clock } = setUp();
    await pass(lifecycle.start());
    await pass(lifecycle.stop());
    expect(events).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
    expect([log.entries, clock.pending()]).toEqual([[], 0]);
  });

  it('stop once, however often they are asked', async () => {
    const { events, lifecycle, pass } = setUp();
    await pass(lifecycle.start());
    await pass(Promise.all([lifecycle.stop(), lifecycle.stop()]));
    await lifecycle.stop();
    expect(events.filter((event) => event === 'stop a')).toHaveLength(1);
  });

  it('go down again when a later one cannot start, and the caller is told why', async () => {
    const broken = { start: () => Promise.reject(new Error('address in use')) };
    const { events, lifecycle, pass } = setUp({ c: broken });
    await expect(pass(lifecycle.start())).rejects.toThrow('address in use');
    expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('do not wait longer than its deadline for one that does not stop', async () => {
    const { clock, events, lifecycle, log, pass } = setUp({ b: { stop: never } });
    await pass(lifecycle.start());
    const before = clock.monotonic();
    await pass(lifecycle.stop());
    expect(clock.monotonic() - before).toBeLessThan(1_100);
    expect(events.slice(-2)).toEqual(['stop c', 'stop a']);
    expect(log.entries).toEqual([
      { level: 'warning', message: 'part does not stop in time', fields: { part: 'b' } },
    ]);
  });

  it('stop although one of them fails to, and the log says so', async () => {
    const { events, lifecycle, log, pass } = setUp({ b: { stop: () => Promise.reject(new Error('stuck')) } });
    await pass(lifecycle.start());
    await pass(lifecycle.stop());
    expect(events.slice(-2)).toEqual(['stop c', 'stop a']);
    expect(log.entries).toEqual([
      { level: 'error', message: 'part fails to stop', fields: { part: 'b', error: 'stuck' } },
    ]);
  });

  it('that never started are not stopped', async () => {
    const { events, lifecycle, pass } = setUp();
    await pass(lifecycle.stop());
    expect(events).toEqual([]);
  });
});
