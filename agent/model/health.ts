// What can be said of listeners, pools and members at one moment: samples of the sources (haproxy, LVS), from which
// heartbeats follow. Source: contract/heartbeat.md "Message, version 3".

/** Absolute values since the process that counts them began; the deltas between two samples are the sender's to make. */
export interface ListenerCounters {
  /** Bytes that clients sent. */
  readonly bytesIn: number;
  /** Bytes that clients were sent. */
  readonly bytesOut: number;
  readonly connections: number;
  readonly requestErrors: number;
}

export interface ListenerSample {
  /** In the words of what serves it: `OPEN`, `FULL`, … */
  readonly status: string;
  /** Connections at this moment. */
  readonly current: number;
  /** Undefined while they cannot be read: not to be taken for counters that have begun anew. */
  readonly counters: ListenerCounters | undefined;
}

export interface PoolSample {
  /** `UP` or `DOWN`, in the words of what serves it. */
  readonly status: string;
  /** Member id → `UP`, `DOWN 1/2`, `DRAIN`, `MAINT`, `no check`, … */
  readonly members: ReadonlyMap<string, string>;
}

/** Keyed by listener id, and by pool id as the configuration words it (`<pool>:<listener>` from an Octavia controller). */
export interface HealthSample {
  readonly listeners: ReadonlyMap<string, ListenerSample>;
  readonly pools: ReadonlyMap<string, PoolSample>;
}

/** One kind of what balances on this amphora. What does not answer in its time is left out; never throws. */
export interface HealthSource {
  sample(): Promise<HealthSample>;
}
