// The state of all that balances on this amphora, of all its sources side by side; one collection at a time.
// Source: contract/heartbeat.md "Timing".

import type { Log } from '../host/log';
import { messageOf } from '../model/errors';
import type { HealthSample, HealthSource, ListenerSample, PoolSample } from '../model/health';

/** Joins sources; a source that throws is left out, and the log says so. */
export function joinHealthSources(sources: readonly HealthSource[], log: Log): HealthSource {
  let going: Promise<HealthSample> | undefined;

  async function one(source: HealthSource): Promise<HealthSample> {
    try {
      return await source.sample();
    } catch (thrown) {
      log.error('a source of the health of listeners fails', { error: messageOf(thrown) });
      return { listeners: new Map(), pools: new Map() };
    }
  }

  async function collect(): Promise<HealthSample> {
    const samples = await Promise.all(sources.map(one));
    const listeners = new Map<string, ListenerSample>();
    const pools = new Map<string, PoolSample>();
    for (const sample of samples) {
      for (const [id, listener] of sample.listeners) listeners.set(id, listener);
      for (const [id, pool] of sample.pools) pools.set(id, pool);
    }
    return { listeners, pools };
  }

  return {
    sample() {
      going ??= collect().finally(() => {
        going = undefined;
      });
      return going;
    },
  };
}
