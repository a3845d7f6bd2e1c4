// What metrics tell of load balancers, their backends and servers. A server has one state, in haproxy's words cut down
// to a closed set. Source: HAProxy 2.6 management guide, 9.1, column `status`.

import type { LoadBalancerId } from '../model/ids';
import type { TapsSample } from './haproxy-taps';
import type { SampleLoadBalancers } from './load-balancer-samples';
import type { ReadMetrics, Reading } from './metrics';
import type { OldWorkers } from './old-workers';
import type { FindStandings } from './standings';

export interface LoadBalancerReadingsDeps {
  readonly standings: FindStandings;
  readonly samples: SampleLoadBalancers;
  readonly oldWorkers: Pick<OldWorkers, 'counts'>;
}

/** Makes the reader. */
export function createLoadBalancerReadings({
  standings,
  samples,
  oldWorkers,
}: LoadBalancerReadingsDeps): ReadMetrics {
  return async () => {
    const all = await standings();
    const sampled = await samples(all.filter(({ isUp }) => isUp).map(({ id }) => id));
    const old = oldWorkers.counts();
    const readings: Reading[] = [{ name: 'amphorad_load_balancers', value: all.length }];
    for (const { id, isWanted, isUp, runsOlder } of all) {
      const labels = { load_balancer: id };
      readings.push(
        { name: 'amphorad_load_balancer_wanted', labels, value: Number(isWanted) },
        { name: 'amphorad_load_balancer_up', labels, value: Number(isUp) },
        { name: 'amphorad_load_balancer_older_configuration', labels, value: Number(runsOlder) },
        { name: 'amphorad_load_balancer_old_workers', labels, value: old.get(id) ?? 0 },
      );
      const sample = sampled.get(id);
      if (sample !== undefined) for (const reading of readingsOf(id, sample)) readings.push(reading);
    }
    return readings;
  };
}

function* readingsOf(id: LoadBalancerId, { present, lingering }: TapsSample): Iterable<Reading> {
  let sessions = 0;
  for (const { current } of present.listeners.values()) sessions += current;
  for (const current of lingering.values()) sessions += current;
  yield { name: 'amphorad_load_balancer_sessions', labels: { load_balancer: id }, value: sessions };
  for (const [backend, { status, members }] of present.pools) {
    const labels = { load_balancer: id, backend };
    yield { name: 'amphorad_backend_up', labels, value: Number(status.startsWith('UP')) };
    for (const [server, words] of members) {
      const state = memberState(words);
      yield { name: 'amphorad_member_state', labels: { ...labels, server, state }, value: 1 };
    }
  }
}

const states: readonly (readonly [start: string, state: string])[] = [
  ['UP', 'up'],
  ['DOWN', 'down'],
  ['DRAIN', 'drain'],
  ['MAINT', 'maint'],
  ['NOLB', 'stopping'],
  ['no check', 'no_check'],
];

/** Names the state that haproxy's words stand for; `UP 1/3` is still up, `DOWN 1/2` still down. */
export function memberState(words: string): string {
  return states.find(([start]) => words.startsWith(start))?.[1] ?? 'unknown';
}
