// A machine as a literal: it answers what it was given until a test says otherwise. Sums are worked out here, so
// that no test can describe a machine whose parts exceed its total.

import type { CpuTimes, Inventory, InterfaceTraffic, MemoryUse, System } from '../../agent/host/system';

export interface MachineFacts {
  readonly hostname: string;
  readonly userId: number;
  readonly processId: number;
  readonly bootId: string;
  readonly cpu: Omit<CpuTimes, 'total'>;
  readonly memory: MemoryUse;
  readonly load: readonly [number, number, number];
  readonly traffic: readonly InterfaceTraffic[];
  readonly inventory: Inventory;
}

export interface LiteralSystem extends System {
  /** Changes what the machine answers from now on; the rest stays. */
  set(changes: Partial<MachineFacts>): void;
}

const amphora: MachineFacts = {
  hostname: 'amphora-1',
  userId: 0,
  processId: 4711,
  bootId: '0f6a1c52-93d4-4e6b-b1a7-5c2e8d904f31',
  cpu: {
    user: 3_000,
    nice: 0,
    system: 1_500,
    idle: 125_000,
    iowait: 335,
    irq: 0,
    softIrq: 72,
    steal: 10,
  },
  memory: {
    total: 1_000_000,
    free: 400_000,
    available: 700_000,
    buffers: 7_000,
    cached: 220_000,
    swapUsed: 0,
    shared: 8_000,
    slab: 90_000,
    committedAs: 60_000,
  },
  load: [0.2, 0.1, 0.02],
  traffic: [
    { name: 'lo', received: 3_193, sent: 3_193 },
    { name: 'eth0', received: 179_000_000, sent: 784_000 },
  ],
  inventory: {
    distribution: 'Debian GNU/Linux 12',
    kernel: '6.1.0-18-amd64',
    architecture: 'x64',
    virtualisation: 'KVM',
    cpuModel: 'Intel Xeon',
    cpuCount: 2,
    memoryKb: 1_000_000,
  },
};

/** Makes a small amphora, with `changes` to its facts. */
export function createLiteralSystem(changes: Partial<MachineFacts> = {}): LiteralSystem {
  let facts: MachineFacts = { ...amphora, ...changes };
  return {
    hostname: () => facts.hostname,
    userId: () => facts.userId,
    processId: () => facts.processId,
    bootId: () => Promise.resolve(facts.bootId),
    cpuTimes: () => Promise.resolve({ ...facts.cpu, total: totalOf(facts.cpu) }),
    cpuCount: () => Promise.resolve(facts.inventory.cpuCount),
    memory: () => Promise.resolve(facts.memory),
    load: () => Promise.resolve(facts.load),
    traffic: () => Promise.resolve(facts.traffic),
    inventory: () => Promise.resolve(facts.inventory),
    set: (next) => {
      facts = { ...facts, ...next };
    },
  };
}

// By name, because a reading of cpuTimes() that a test spreads into new facts brings its old total along.
function totalOf({ user, nice, system, idle, iowait, irq, softIrq, steal }: MachineFacts['cpu']): number {
  return user + nice + system + idle + iowait + irq + softIrq + steal;
}
