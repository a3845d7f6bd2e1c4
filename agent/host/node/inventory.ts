// What machine this is, from systeminformation: tens of milliseconds and 10 MiB, so loaded on the first call only
// (TOOLCHAIN, 2 and 7). It gives empty strings where the machine does not tell, never an error.

import type { Systeminformation } from 'systeminformation';

import type { Inventory } from '../system';

/** The parts of systeminformation's answers that we read. */
export interface InventorySources {
  readonly os: Pick<Systeminformation.OsData, 'distro' | 'release' | 'kernel' | 'arch'>;
  readonly cpu: Pick<Systeminformation.CpuData, 'manufacturer' | 'brand' | 'cores'>;
  readonly memory: Pick<Systeminformation.MemData, 'total'>;
  readonly machine: Pick<Systeminformation.SystemData, 'virtual' | 'virtualHost'>;
}

/** Asks systeminformation for distribution, CPU, memory and virtualisation. */
export async function readInventory(): Promise<Inventory> {
  const { osInfo, cpu, mem, system } = await import('systeminformation');
  const [os, processor, memory, machine] = await Promise.all([osInfo(), cpu(), mem(), system()]);
  return describeMachine({ os, cpu: processor, memory, machine });
}

/** Turns systeminformation's answers into an inventory, `unknown` standing for what the machine does not tell. */
export function describeMachine({ os, cpu, memory, machine }: InventorySources): Inventory {
  return {
    distribution: known(`${os.distro} ${os.release}`),
    kernel: known(os.kernel),
    architecture: known(os.arch),
    virtualisation: machine.virtual ? known(machine.virtualHost ?? '') : 'none',
    cpuModel: known(`${cpu.manufacturer} ${cpu.brand}`),
    cpuCount: cpu.cores,
    memoryKb: Math.floor(memory.total / 1024),
  };
}

function known(text: string): string {
  const trimmed = text.trim();
  return trimmed === '' ? 'unknown' : trimmed;
}
