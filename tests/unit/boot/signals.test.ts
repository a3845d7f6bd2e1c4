// What signals mean to the daemon. They are emitted inside the test's own process object: nothing is sent.

import { afterEach, describe, expect, it } from '@jest/globals';
import { watchSignals } from '../../../agent/boot/signals';

const names = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;

const setUp = () => {
  const events: string[] = [];
  const { ended } = watchSignals({
    hangup: () => Promise.resolve(void events.push('read again')),
    reopenLogs: () => events.push('reopen logs'),
  });
  return { events, ended };
};

afterEach(() => {
  for (const name of names) process.removeAllListeners(name);
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s asks the daemon to end', async (name) => {
    const { ended, events } = setUp();
    process.emit(name);
    expect(await ended).toBe(name);
    expect(events).toEqual([]);
  });

  it('SIGHUP reads files again and SIGUSR2 reopens logs, each as often as they come', () => {
    const { events } = setUp();
    for (const name of ['SIGHUP', 'SIGUSR2', 'SIGHUP'] as const) process.emit(name);
    expect(events).toEqual(['read again', 'reopen logs', 'read again']);
  });
});
