// Shares of CPU time between two readings.

import { describe, expect, it } from '@jest/globals';

import { cpuShareBetween, createCpuShare } from '../../../agent/core/cpu-share';
import type { CpuTimes } from '../../../agent/host/system';

const times = (parts: Partial<CpuTimes>): CpuTimes => ({
  user: 0,
  nice: 0,
  system: 0,
  idle: 0,
  iowait: 0,
  irq: 0,
  softIrq: 0,
  steal: 0,
  total: 0,
  ...parts,
});

describe('cpuShareBetween', () => {
  it('gives fractions of the time that went by, waiting for disks counted as idle', () => {
    const before = times({ user: 1_000, idle: 50_000, softIrq: 9 });
    const after = times({
      user: 1_020,
      nice: 10,
      system: 5,
      softIrq: 17,
      irq: 1,
      steal: 1,
      idle: 50_050,
      iowait: 5,
    });
    expect(cpuShareBetween(before, after)).toEqual({ total: 0.45, user: 0.3, system: 0.05, softIrq: 0.08 });
  });

  it('looks back to boot without an earlier reading', () => {
    expect(cpuShareBetween(undefined, times({ user: 25, idle: 75 })).total).toBe(0.25);
  });

  it('is zero when no time went by', () => {
    const now = times({ user: 25, idle: 75 });
    expect(cpuShareBetween(now, now)).toEqual({ total: 0, user: 0, system: 0, softIrq: 0 });
  });

  it('stays between 0 and 1 when the kernel takes idle time back', () => {
    const share = cpuShareBetween(times({ user: 10, iowait: 100 }), times({ user: 20, iowait: 90 }));
    expect(share).toEqual({ total: 1, user: 1, system: 0, softIrq: 0 });
  });
});

describe('createCpuShare', () => {
  it('compares each reading with the one before', async () => {
    const readings = [times({ idle: 100 }), times({ user: 50, idle: 150 }), times({ user: 50, idle: 250 })];
    const share = createCpuShare(() => Promise.resolve(readings.shift()!));
    expect((await share()).total).toBe(0);
    expect((await share()).total).toBe(0.5);
    expect((await share()).total).toBe(0);
  });
});
