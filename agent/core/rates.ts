// Bytes per second of each interface over a sliding window (contract/amphora-v0.1.md, `networks`), out of counters
// that only ever grow, until an interface is made anew under its old name.
//
// INVARIANTS: samples are in the order of their time; at most one per period is kept, however often rates are read;
// the newest one before a read is never dropped, so that a read always has something to compare with.

import type { Clock } from '../host/clock';
import type { InterfaceTraffic } from '../host/system';

/** Bytes per second, whole numbers. */
export interface TrafficRate {
  readonly name: string;
  readonly received: number;
  readonly sent: number;
}

export interface TrafficRates {
  /** Takes a sample now and every 10 s until aborted. */
  start(signal: AbortSignal): void;
  /** Gives the rate of each interface that is there now, `lo` left out. Throws what `sample` throws. */
  rates(): Promise<readonly TrafficRate[]>;
  /** Gives the rates and the counters that they end with, of one moment. Throws what `sample` throws. */
  read(): Promise<{
    readonly rates: readonly TrafficRate[];
    readonly traffic: readonly InterfaceTraffic[];
  }>;
}

export interface TrafficRatesDeps {
  readonly sample: () => Promise<readonly InterfaceTraffic[]>;
  readonly clock: Clock;
  /** Milliseconds that a rate looks back. Default 30,000. */
  readonly windowMs?: number;
}

interface Sample {
  readonly atMs: number;
  readonly interfaces: ReadonlyMap<string, InterfaceTraffic>;
}

const periodMs = 10_000;

/** Makes the keeper of traffic samples. */
export function createTrafficRates({ sample, clock, windowMs = 30_000 }: TrafficRatesDeps): TrafficRates {
  let kept: readonly Sample[] = [];

  async function take(): Promise<Sample> {
    const traffic = await sample();
    const interfaces = new Map(
      traffic.filter(({ name }) => name !== 'lo').map((entry) => [entry.name, entry]),
    );
    return { atMs: clock.monotonic(), interfaces };
  }

  function keep(taken: Sample): void {
    const newest = kept.at(-1);
    if (newest !== undefined && taken.atMs - newest.atMs < periodMs) return;
    kept = [...within(taken), taken];
  }

  function within(taken: Sample): readonly Sample[] {
    const recent = kept.filter(({ atMs }) => taken.atMs - atMs <= windowMs);
    return recent.length > 0 ? recent : kept.slice(-1);
  }

  function tick(): void {
    // A sample that fails leaves a longer step, not a wrong one; whoever reads the rates is told the reason.
    take().then(keep, () => undefined);
  }

  const read: TrafficRates['read'] = async () => {
    const now = await take();
    const history = within(now);
    keep(now);
    const traffic = [...now.interfaces.values()];
    return { rates: traffic.map((current) => rateOf(current, now.atMs, history)), traffic };
  };

  return {
    start(signal) {
      tick();
      clock.every(periodMs, signal, tick);
    },
    read,
    rates: async () => (await read()).rates,
  };
}

// Looks back only as far as the interface was there without a gap: what came back is another interface.
function rateOf(current: InterfaceTraffic, nowMs: number, history: readonly Sample[]): TrafficRate {
  let received = 0;
  let sent = 0;
  let sinceMs = nowMs;
  let later = current;
  for (const { atMs, interfaces } of history.toReversed()) {
    const earlier = interfaces.get(current.name);
    if (earlier === undefined) break;
    received += growth(earlier.received, later.received);
    sent += growth(earlier.sent, later.sent);
    sinceMs = atMs;
    later = earlier;
  }
  const seconds = (nowMs - sinceMs) / 1000;
  const perSecond = (bytes: number): number => (seconds > 0 ? Math.round(bytes / seconds) : 0);
  return { name: current.name, received: perSecond(received), sent: perSecond(sent) };
}

// A counter that is smaller than before began at zero in between.
function growth(before: number, after: number): number {
  return after >= before ? after - before : after;
}
