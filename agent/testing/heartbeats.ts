// The words for what an amphora tells its health manager. Types alone, which import nothing.
// Source: contract/heartbeat.md "Message, version 3".

export interface Heartbeat {
  readonly id: string;
  readonly seq: number;
  readonly ver: 3;
  readonly listeners: Readonly<Record<string, HeartbeatListener>>;
  readonly pools: Readonly<Record<string, HeartbeatPool>>;
}

export interface HeartbeatListener {
  /** `OPEN`, `FULL` … as haproxy says. */
  readonly status: string;
  /** What was added since the message before (`conns`: now). */
  readonly stats?: {
    readonly tx: number;
    readonly rx: number;
    readonly conns: number;
    readonly totconns: number;
    readonly ereq: number;
  };
}

export interface HeartbeatPool {
  readonly status: string;
  /** `UP`, `DOWN`, `MAINT`, `DRAIN`, `no check` … by member. */
  readonly members: Readonly<Record<string, string>>;
}

export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

/** The heartbeats of one amphora, verified and decoded; iterating gives each that comes from then on. */
export interface Heartbeats extends AsyncIterable<Heartbeat> {
  /** All so far, oldest first; the last 1,000 are kept. */
  readonly received: readonly Heartbeat[];
  /** Waits for the next one that fits. Rejects when none does in time, telling the last one that came, or when the receiver closes. */
  next(fits?: (heartbeat: Heartbeat) => boolean, options?: WaitOptions): Promise<Heartbeat>;
}

/** A health manager's ear on loopback, for any number of amphorae. */
export interface HealthManager {
  /** `127.0.0.1:<port>`, for `controller_ip_port_list`. */
  readonly target: string;
  /** The key that amphorae sign with. Secret, as all keys. */
  readonly key: string;
  /** Datagrams that did not verify or were no heartbeats, with what is wrong with each. */
  readonly refused: readonly string[];
  /** What one amphora tells. */
  of(amphoraId: string): Heartbeats;
  close(): Promise<void>;
}
