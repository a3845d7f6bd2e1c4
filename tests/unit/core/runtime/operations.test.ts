// The table of operations: what may be asked, how much is kept.

import { describe, expect, it } from '@jest/globals';
import { createOperations, type Ending } from '../../../../agent/core/runtime/operations';
import { createHandClock } from '../../../fakes/hand-clock';
import { createRecordedLog } from '../../../fakes/recorded-log';

const table = (limits: object = {}) => {
  const clock = createHandClock();
  return { clock, operations: createOperations<number>({ clock, log: createRecordedLog(), ...limits }) };
};
const done: Ending<number> = { state: 'completed', progress: 0 };
const never = (_report: unknown, signal: AbortSignal): Promise<Ending<number>> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

describe('an operation', () => {
  it('tells how far it is and for how long it has gone on', async () => {
    const { clock, operations } = table();
    const { id } = operations.begin(7, (report, signal) => {
      report(3);
      return never(report, signal);
    });
    await clock.advance(1_500);
    expect(operations.get(id)).toEqual({ id, state: 'waiting', elapsedMs: 1_500, progress: 3 });
    await operations.stop();
  });

  it('tells how it ended, and no longer counts', async () => {
    const { clock, operations } = table();
    const { id } = operations.begin(7, () => Promise.resolve(done));
    await operations.ended(id);
    await clock.advance(5_000);
    expect(operations.get(id)).toEqual({ id, state: 'completed', elapsedMs: 0, progress: 0 });
  });

  it('has failed with the words of what it threw', async () => {
    const { operations } = table();
    const { id } = operations.begin(7, () => Promise.reject(new Error('no such server')));
    expect(await operations.ended(id)).toMatchObject({ state: 'failed', reason: 'no such server' });
  });

  it('can be cancelled, also again and when it has ended', async () => {
    const { operations } = table();
    const { id } = operations.begin(7, never);
    expect(await operations.cancel(id)).toMatchObject({ state: 'cancelled', progress: 7 });
    expect(await operations.cancel(id)).toMatchObject({ state: 'cancelled' });
  });
});

describe('the table', () => {
  it('takes a bounded number, and forgets what ended long ago or first', async () => {
    const { clock, operations } = table({ mostUnderWay: 1, mostEnded: 2, keepEndedMs: 60_000 });
    const { id: running } = operations.begin(1, never);
    expect(() => operations.begin(1, never)).toThrow('too many operations');
    await operations.cancel(running);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(1_000);
      const { id } = operations.begin(1, () => Promise.resolve(done));
      await operations.ended(id);
      ids.push(id);
    }
    expect(() => operations.get(running)).toThrow('operation not found');
    expect(() => operations.get(ids[0] ?? '')).toThrow('operation not found');
    expect(operations.get(ids[2] ?? '').state).toBe('completed');
    await clock.advance(61_000);
    expect(() => operations.get(ids[2] ?? '')).toThrow('operation not found');
  });

  it('cancels all when the agent stops, and takes no more', async () => {
    const { operations } = table();
    const { id } = operations.begin(1, never);
    await operations.stop();
    expect(operations.get(id).state).toBe('cancelled');
    expect(() => operations.begin(1, never)).toThrow('too many operations');
  });
});
