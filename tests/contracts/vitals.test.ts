// What every Vitals promises, held against the literal one and the process that runs the tests.

import { describe, expect, it } from '@jest/globals';

import { createNodeVitals } from '../../agent/host/node/vitals';
import type { Vitals } from '../../agent/host/vitals';
import { createLiteralVitals } from '../fakes/literal-vitals';

const all: readonly (readonly [string, () => Vitals])[] = [
  ['the literal vitals', () => createLiteralVitals()],
  ['the real vitals', createNodeVitals],
];

describe.each(all)('%s', (_name, create) => {
  it('names the version of Node', () => {
    expect(create().runtimeVersion()).toMatch(/^v\d+\.\d+\.\d+/);
  });

  it('has a heap that is a part of its memory', () => {
    const { residentBytes, heapBytes } = create().read();
    expect(heapBytes).toBeGreaterThan(0);
    expect(residentBytes).toBeGreaterThan(heapBytes);
  });

  it('never takes time back', () => {
    const vitals = create();
    const before = vitals.read();
    const after = vitals.read();
    expect(before.userSeconds).toBeGreaterThan(0);
    expect(before.systemSeconds).toBeGreaterThanOrEqual(0);
    expect(before.busySeconds).toBeGreaterThanOrEqual(0);
    expect(after.userSeconds).toBeGreaterThanOrEqual(before.userSeconds);
    expect(after.systemSeconds).toBeGreaterThanOrEqual(before.systemSeconds);
    expect(after.busySeconds).toBeGreaterThanOrEqual(before.busySeconds);
  });
});
