// What only real timers can show; the rest is in tests/contracts/clock.test.ts.

import { describe, expect, it } from '@jest/globals';
import { createNodeClock } from '../../../agent/host/node/clock';

const clock = createNodeClock();
const timersThatKeepUsAlive = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('the real clock', () => {
  it('keeps no process alive by its sleeps and ticks', async () => {
    const stop = new AbortController();
    const before = timersThatKeepUsAlive();
    const asleep = clock.sleep(60_000, stop.signal);
    clock.every(60_000, stop.signal, () => undefined);
    expect(timersThatKeepUsAlive()).toBe(before);
    stop.abort();
    await expect(asleep).rejects.toBe(stop.signal.reason);
  });

  it.each([2 ** 31, 2 ** 40, Infinity])(
    'sleeps and ticks for %p ms, which no single timer holds',
    async (ms) => {
      const stop = new AbortController();
      const events: string[] = [];
      const asleep = clock.sleep(ms, stop.signal).then(
        () => events.push('woke'),
        () => events.push('stopped'),
      );
      clock.every(ms, stop.signal, () => events.push('ticked'));
      await clock.sleep(30);
      stop.abort();
      await asleep;
      expect(events).toEqual(['stopped']);
    },
  );
});
