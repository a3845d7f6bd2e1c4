// Rates over a window, with the clock and the counters in hand.

import { describe, expect, it } from '@jest/globals';

import { createTrafficRates } from '../../../agent/core/rates';
import type { InterfaceTraffic } from '../../../agent/host/system';
import { AgentError } from '../../../agent/model/errors';
import { createHandClock } from '../../fakes/hand-clock';

const counters = (name: string, received: number, sent = 0): InterfaceTraffic => ({ name, received, sent });

const setUp = (...first: InterfaceTraffic[]) => {
  const clock = createHandClock();
  const machine: { traffic: readonly InterfaceTraffic[]; samples: number; failure?: Error | undefined } = {
    traffic: first,
    samples: 0,
  };
  const sample = (): Promise<readonly InterfaceTraffic[]> => {
    machine.samples += 1;
    return machine.failure === undefined ? Promise.resolve(machine.traffic) : Promise.reject(machine.failure);
  };
  return { clock, machine, rates: createTrafficRates({ sample, clock }) };
};

describe('rates', () => {
  it('are zero at the first reading', async () => {
    const { rates } = setUp(counters('eth1', 5_000, 7_000));
    expect(await rates.rates()).toEqual([{ name: 'eth1', received: 0, sent: 0 }]);
  });

  it('use the history there is, in whole bytes per second', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 1_000, 0));
    await rates.rates();
    await clock.advance(3_000);
    machine.traffic = [counters('eth1', 2_000, 301)];
    expect(await rates.rates()).toEqual([{ name: 'eth1', received: 333, sent: 100 }]);
  });

  it.each([-86_400_000, 86_400_000])('are the same whatever the wall clock does: %d ms', async (jump) => {
    const { clock, machine, rates } = setUp(counters('eth1', 1_000, 0));
    await rates.rates();
    await clock.advance(1_000);
    clock.jumpWall(jump);
    await clock.advance(2_000);
    machine.traffic = [counters('eth1', 2_000, 301)];
    expect(await rates.rates()).toEqual([{ name: 'eth1', received: 333, sent: 100 }]);
  });

  it('leave out lo', async () => {
    const { rates } = setUp(counters('lo', 1), counters('eth1', 1));
    expect((await rates.rates()).map(({ name }) => name)).toEqual(['eth1']);
  });

  it('look back 30 s and no further', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 0));
    const stop = new AbortController();
    rates.start(stop.signal);
    await clock.advance(60_000);
    machine.traffic = [counters('eth1', 3_000_000)];
    await clock.advance(10_000);
    expect((await rates.rates())[0]!.received).toBe(100_000);
    await clock.advance(30_000);
    expect((await rates.rates())[0]!.received).toBe(0);
    stop.abort();
  });

  it('look back to the reading before when nothing samples in between', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 0));
    await rates.rates();
    await clock.advance(100_000);
    machine.traffic = [counters('eth1', 1_000)];
    expect((await rates.rates())[0]!.received).toBe(10);
  });

  it('do not shrink the window of one reader by the readings of another', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 0));
    await rates.rates();
    for (let second = 1; second <= 20; second += 1) {
      await clock.advance(1_000);
      machine.traffic = [counters('eth1', second <= 10 ? second * 1_000 : 10_000)];
      await rates.rates();
    }
    expect((await rates.rates())[0]!.received).toBe(500);
  });

  it('survive counters that start again at zero', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 1_000_000, 1_000_000));
    await rates.rates();
    await clock.advance(10_000);
    machine.traffic = [counters('eth1', 500, 0)];
    expect(await rates.rates()).toEqual([{ name: 'eth1', received: 50, sent: 0 }]);
  });

  it('follow interfaces that come, go and come back', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 0), counters('eth2', 9_000_000));
    await rates.rates();
    await clock.advance(10_000);
    machine.traffic = [counters('eth1', 1_000), counters('eth3', 77)];
    expect(await rates.rates()).toEqual([
      { name: 'eth1', received: 100, sent: 0 },
      { name: 'eth3', received: 0, sent: 0 },
    ]);
    await clock.advance(10_000);
    machine.traffic = [counters('eth2', 100), counters('eth3', 177)];
    expect(await rates.rates()).toEqual([
      { name: 'eth2', received: 0, sent: 0 },
      { name: 'eth3', received: 10, sent: 0 },
    ]);
  });

  it('tell the reader why there are none, and go on after a sample that failed', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 0));
    const stop = new AbortController();
    rates.start(stop.signal);
    await clock.advance(10_000);
    machine.failure = new AgentError('unavailable', 'ip failed');
    await clock.advance(10_000);
    await expect(rates.rates()).rejects.toThrow('ip failed');
    machine.failure = undefined;
    machine.traffic = [counters('eth1', 2_000)];
    expect((await rates.rates())[0]!.received).toBe(100);
    stop.abort();
  });

  it('are no longer sampled once stopped', async () => {
    const { clock, machine, rates } = setUp(counters('eth1', 0));
    const stop = new AbortController();
    rates.start(stop.signal);
    await clock.advance(20_000);
    expect(machine.samples).toBe(3);
    stop.abort();
    await clock.advance(60_000);
    expect(machine.samples).toBe(3);
  });
});
