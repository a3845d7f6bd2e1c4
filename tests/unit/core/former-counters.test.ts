// Statistics of Octavia's own agent, continued.

import { describe, expect, it } from '@jest/globals';
import { readFormerCounters } from '../../../agent/core/former-counters';
import { createWorkerLedger } from '../../../agent/core/worker-ledger';
import { parseListenerUuid } from '../../../agent/model/ids';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const counted = (bytesIn: number, connections: number) =>
  new Map([['web', { counters: { bytesIn, bytesOut: 0, connections, requestErrors: 0 } }]]);

describe('the counters of the former agent', () => {
  it('are read as it writes them', () => {
    const text = '{"web": {"bin": 10, "bout": 20, "ereq": 1, "stot": 4}}';
    expect([...(readFormerCounters(JSON.parse(text)) ?? [])]).toEqual([['web', [10, 20, 4, 1]]]);
  });

  // It adds a listener before it has read all figures of it.
  it('are read of the others when one listener has none', () => {
    const text = '{"web": {"bin": 10, "bout": 20, "ereq": 1, "stot": 4}, "new": {}, "half": {"bin": 1}}';
    expect([...(readFormerCounters(JSON.parse(text)) ?? [])]).toEqual([['web', [10, 20, 4, 1]]]);
  });

  it.each([
    ['nothing at all', {}],
    ['a list', [1]],
    ['a figure that is none', { web: { bin: 'x', bout: 0, ereq: 0, stot: 0 } }],
    ['a figure below nought', { web: { bin: -1, bout: 0, ereq: 0, stot: 0 } }],
    ['a listener without figures', { web: null }],
    ['our own book', { schema: 1, totals: {} }],
  ])('are none in %s', (_, value) => {
    expect(readFormerCounters(value)).toBeUndefined();
  });
});

describe('a ledger that continues from them', () => {
  const ledger = () => {
    const made = createWorkerLedger();
    made.load({ sinceTicks: '100', totals: {}, workers: [] });
    made.continueFrom(new Map([['web', [10, 0, 4, 0]]]));
    return made;
  };

  it('adds what the worker that was counted has served since', () => {
    const made = ledger();
    made.note(id, { pid: 7, startTicks: '50' }, counted(25, 6));
    expect(made.total(id, 'web')).toMatchObject({ bytesIn: 25, connections: 6 });
    made.note(id, { pid: 7, startTicks: '50' }, counted(30, 7));
    expect(made.total(id, 'web')).toMatchObject({ bytesIn: 30, connections: 7 });
  });

  it('adds all that a worker has served which began anew', () => {
    const made = ledger();
    made.note(id, { pid: 7, startTicks: '150' }, counted(3, 1));
    expect(made.total(id, 'web')).toMatchObject({ bytesIn: 13, connections: 5 });
  });

  it('never takes them a second time', () => {
    const made = ledger();
    made.note(id, { pid: 7, startTicks: '50' }, counted(10, 4));
    made.note(id, { pid: 8, startTicks: '160' }, counted(5, 1));
    expect(made.total(id, 'web')).toMatchObject({ bytesIn: 15, connections: 5 });
  });
});
