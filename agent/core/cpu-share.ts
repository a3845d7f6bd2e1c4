// What part of its CPUs the machine used since somebody last asked. The kernel counts jiffies since boot; `iowait`
// and `idle` may even go back a little (proc_stat(5)), so every difference is kept from going below zero.

import type { CpuTimes } from '../host/system';

/** Fractions from 0 to 1 of all CPUs together. `total` is everything but idling and waiting for disks. */
export interface CpuShare {
  readonly total: number;
  readonly user: number;
  readonly system: number;
  readonly softIrq: number;
}

/** Makes a reader of the share since its previous call; the first call looks back to boot. Throws what `read` throws. */
export function createCpuShare(read: () => Promise<CpuTimes>): () => Promise<CpuShare> {
  let previous: CpuTimes | undefined;
  return async () => {
    const current = await read();
    const share = cpuShareBetween(previous, current);
    previous = current;
    return share;
  };
}

/** Computes the share between two readings, or since boot without an earlier one; all zero when no time went by. */
export function cpuShareBetween(earlier: CpuTimes | undefined, later: CpuTimes): CpuShare {
  const spent = (part: keyof CpuTimes): number => Math.max(0, later[part] - (earlier?.[part] ?? 0));
  const user = spent('user') + spent('nice');
  const system = spent('system');
  const softIrq = spent('softIrq');
  const busy = user + system + softIrq + spent('irq') + spent('steal');
  const all = busy + spent('idle') + spent('iowait');
  const fraction = (jiffies: number): number => (all > 0 ? Math.round((jiffies / all) * 10_000) / 10_000 : 0);
  return {
    total: fraction(busy),
    user: fraction(user),
    system: fraction(system),
    softIrq: fraction(softIrq),
  };
}
