// What every System promises, held against the literal one and the machine that runs the tests.

import { describe, expect, it } from '@jest/globals';

import { createNodeSystem } from '../../agent/host/node/system';
import type { System } from '../../agent/host/system';
import { isUuid } from '../../agent/model/ids';
import { createLiteralSystem } from '../fakes/literal-system';

const systems: readonly (readonly [string, () => System])[] = [
  ['the literal system', () => createLiteralSystem()],
  ['the real system', createNodeSystem],
];

describe.each(systems)('%s', (_name, create) => {
  it('says who it is', () => {
    const system = create();
    expect(system.hostname()).toMatch(/^\S+$/);
    expect(system.userId()).toBeGreaterThanOrEqual(0);
    expect(system.processId()).toBeGreaterThan(1);
  });

  it('names its boot by one UUID, the same each time', async () => {
    const system = create();
    const first = await system.bootId();
    expect(isUuid(first)).toBe(true);
    expect(await system.bootId()).toBe(first);
  });

  it('counts CPU time in whole jiffies that add up to the total', async () => {
    const { total, ...parts } = await create().cpuTimes();
    const values = Object.values(parts);
    expect(values.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
    expect(total).toBe(values.reduce((sum, value) => sum + value, 0));
    expect(total).toBeGreaterThan(0);
  });

  it('never takes CPU time back', async () => {
    const system = create();
    const before = await system.cpuTimes();
    const after = await system.cpuTimes();
    expect(after.user).toBeGreaterThanOrEqual(before.user);
    expect(after.system).toBeGreaterThanOrEqual(before.system);
    expect(after.softIrq).toBeGreaterThanOrEqual(before.softIrq);
  });

  it('counts the CPUs that are online, the same as its inventory', async () => {
    const system = create();
    expect(await system.cpuCount()).toBe((await system.inventory()).cpuCount);
  });

  it('has no part of its memory larger than the whole', async () => {
    const { total, swapUsed, committedAs, ...parts } = await create().memory();
    expect(total).toBeGreaterThan(0);
    expect(Math.max(...Object.values(parts))).toBeLessThanOrEqual(total);
    expect(Math.min(swapUsed, committedAs, ...Object.values(parts))).toBeGreaterThanOrEqual(0);
  });

  it('gives three load averages', async () => {
    const load = await create().load();
    expect(load).toHaveLength(3);
    expect(load.every((average) => Number.isFinite(average) && average >= 0)).toBe(true);
  });

  it('counts the traffic of each interface once, lo included, and never back', async () => {
    const system = create();
    const before = await system.traffic();
    const after = new Map((await system.traffic()).map((entry) => [entry.name, entry]));
    const names = before.map(({ name }) => name);
    expect(names).toContain('lo');
    expect(new Set(names).size).toBe(names.length);
    for (const { name, received, sent } of before.filter((entry) => after.has(entry.name))) {
      expect(after.get(name)!.received).toBeGreaterThanOrEqual(received);
      expect(after.get(name)!.sent).toBeGreaterThanOrEqual(sent);
    }
  });

  it('describes the machine in an inventory without blanks', async () => {
    const system = create();
    const { cpuCount, memoryKb, ...words } = await system.inventory();
    expect(Object.values(words).every((word) => word.trim() === word && word !== '')).toBe(true);
    expect(cpuCount).toBeGreaterThan(0);
    expect(memoryKb).toBe((await system.memory()).total);
  });
});
