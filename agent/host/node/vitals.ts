// What this process costs, by Node's own figures. The utilisation of the event loop costs nothing to keep, other than a
// histogram of its delays (monitorEventLoopDelay), which needs a timer of its own. Source: Node manual, perf_hooks.

import { performance } from 'node:perf_hooks';

import type { Vitals } from '../vitals';

const microsecondsPerSecond = 1_000_000;

/** Makes the seam to this process. */
export function createNodeVitals(): Vitals {
  return {
    runtimeVersion: () => process.version,
    read() {
      const { rss, heapUsed } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return {
        residentBytes: rss,
        heapBytes: heapUsed,
        userSeconds: user / microsecondsPerSecond,
        systemSeconds: system / microsecondsPerSecond,
        busySeconds: performance.eventLoopUtilization().active / 1_000,
      };
    },
  };
}
