// A process that costs what a test says.

import type { Vitals, VitalSigns } from '../../agent/host/vitals';

export interface LiteralVitals extends Vitals {
  /** Changes what it costs from now on; the rest stays. */
  set(changes: Partial<VitalSigns>): void;
}

/** Makes a small process, with `changes` to its figures. */
export function createLiteralVitals(changes: Partial<VitalSigns> = {}): LiteralVitals {
  let signs: VitalSigns = {
    residentBytes: 70_000_000,
    heapBytes: 20_000_000,
    userSeconds: 1.5,
    systemSeconds: 0.25,
    busySeconds: 2,
    ...changes,
  };
  return {
    runtimeVersion: () => 'v20.19.0',
    read: () => signs,
    set: (next) => {
      signs = { ...signs, ...next };
    },
  };
}
