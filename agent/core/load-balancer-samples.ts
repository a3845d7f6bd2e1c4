// What the haproxy of each load balancer says of its proxies, for whoever measures: what a heartbeat has just been told
// where there is such, else haproxies are asked, a few at once and not for long.
//
// INVARIANTS:
// - one that has not answered is not asked again before it has;
// - nobody waits longer than the deadline; who has not answered by then is left out.

import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { toWorker } from '../haproxy/runtime/command';
import { createStatScanner, statCommand } from '../haproxy/runtime/scan-stat';
import type { Clock } from '../host/clock';
import type { UnixSockets } from '../host/sockets';
import { isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { createLimiter } from '../model/limiter';
import type { HaproxyHealth } from './haproxy-health';
import type { TapsSample } from './haproxy-taps';

/** Samples those that are given. */
export type SampleLoadBalancers = (
  ids: readonly LoadBalancerId[],
) => Promise<ReadonlyMap<LoadBalancerId, TapsSample>>;

export interface LoadBalancerSamplesDeps {
  readonly clock: Clock;
  readonly sockets: UnixSockets;
  readonly roots: HaproxyRoots;
  readonly health: Pick<HaproxyHealth, 'lastSample'>;
  /** Milliseconds from one heartbeat to the next. */
  readonly intervalMs: () => number;
}

const mostAtOnce = 8;
const deadlineMs = 2_000;
// A heartbeat takes a while to be collected.
const marginMs = 1_000;
const nobodyElse: TapsSample['lingering'] = new Map();

/** Makes the sampler. */
export function createLoadBalancerSamples(deps: LoadBalancerSamplesDeps): SampleLoadBalancers {
  const { clock, sockets, roots, health, intervalMs } = deps;
  const inTurn = createLimiter(mostAtOnce);
  const asking = new Set<LoadBalancerId>();

  async function ask(id: LoadBalancerId, isOver: () => boolean): Promise<TapsSample | undefined> {
    if (isOver()) return undefined;
    try {
      const { masterSocket } = haproxyPaths(roots, id);
      const answer = await sockets.request(masterSocket, toWorker(statCommand), { timeoutMs: deadlineMs });
      return { present: createStatScanner().scan(Buffer.from(answer)), lingering: nobodyElse };
    } catch (thrown) {
      // Stopped, starved, or ended in between: it has no figures now.
      if (isAgentError(thrown)) return undefined;
      throw thrown;
    }
  }

  async function fresh(id: LoadBalancerId, isOver: () => boolean): Promise<TapsSample | undefined> {
    if (asking.has(id)) return undefined;
    asking.add(id);
    try {
      return await inTurn(() => ask(id, isOver));
    } finally {
      asking.delete(id);
    }
  }

  return async (ids) => {
    const found = new Map<LoadBalancerId, TapsSample>();
    let isOver = false;
    const notOlderMs = intervalMs() + marginMs;
    const asked = ids.map(async (id) => {
      const sample = health.lastSample(id, notOlderMs) ?? (await fresh(id, () => isOver));
      if (sample !== undefined && !isOver) found.set(id, sample);
    });
    const aborter = new AbortController();
    const late = clock.sleep(deadlineMs, aborter.signal).catch(() => undefined);
    await Promise.race([Promise.all(asked), late]);
    isOver = true;
    aborter.abort();
    return found;
  };
}
