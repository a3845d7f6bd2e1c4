// The seam to facts about this machine that change while we run, read from /proc: cheap enough for every
// request. Inventory (distribution, CPU model, virtualisation) is apart: it is slow and asked for rarely.

/** Jiffies since boot, summed over all CPUs: the `cpu` line of /proc/stat, proc(5). */
export interface CpuTimes {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softIrq: number;
  readonly steal: number;
  readonly total: number;
}

/** Kilobytes, from /proc/meminfo. */
export interface MemoryUse {
  readonly total: number;
  readonly free: number;
  readonly available: number;
  readonly buffers: number;
  readonly cached: number;
  readonly swapUsed: number;
  readonly shared: number;
  readonly slab: number;
  readonly committedAs: number;
}

/** Bytes since the interface came up. */
export interface InterfaceTraffic {
  readonly name: string;
  readonly received: number;
  readonly sent: number;
}

export interface Inventory {
  readonly distribution: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly virtualisation: string;
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryKb: number;
}

export interface System {
  hostname(): string;
  /** The effective user id of this process. */
  userId(): number;
  processId(): number;
  /** /proc/sys/kernel/random/boot_id. */
  bootId(): Promise<string>;
  cpuTimes(): Promise<CpuTimes>;
  /** CPUs that are online. */
  cpuCount(): Promise<number>;
  memory(): Promise<MemoryUse>;
  /** 1, 5 and 15 minute load averages. */
  load(): Promise<readonly [number, number, number]>;
  /** Traffic of the interfaces of our own network namespace (/proc/net/dev), `lo` included. */
  traffic(): Promise<readonly InterfaceTraffic[]>;
  /** Slow (tens of ms, loads systeminformation): start-up report, check, doctor. */
  inventory(): Promise<Inventory>;
}
