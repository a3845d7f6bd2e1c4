// UDP and SCTP listeners as heartbeats see them: whose keepalived lives is open, with its traffic from ipvsadm and its
// members from the kernel's table. Source: contract/heartbeat.md, Octavia's health rows for LVS.

import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { ServiceTraffic } from '../keepalived/ipvs';
import type { KernelLvs } from '../keepalived/kernel';
import { readLvsConfig } from '../keepalived/lvs-config';
import { lvsListenerSample, lvsPoolSample, type LvsObservation } from '../keepalived/lvs-health';
import { lvsLiveText } from '../keepalived/lvs-live';
import { lvsPaths } from '../keepalived/paths';
import { isAgentError, messageOf } from '../model/errors';
import type { HealthSource, ListenerSample, PoolSample } from '../model/health';
import type { LoadBalancerId } from '../model/ids';
import type { LvsProcesses } from './lvs-processes';

export interface LvsHealthDeps {
  readonly files: Files;
  readonly log: Log;
  readonly basePath: string;
  readonly ids: () => Promise<readonly LoadBalancerId[]>;
  readonly processes: Pick<LvsProcesses, 'living'>;
  readonly kernel: Pick<KernelLvs, 'table' | 'traffic'>;
}

type Traffic = ReadonlyMap<string, ServiceTraffic>;
type Observed = LvsObservation & { readonly id: LoadBalancerId };

/** Makes the source. */
export function createLvsHealth(deps: LvsHealthDeps): HealthSource {
  const readTraffic = createTrafficReader(deps);
  return {
    async sample() {
      const observed = await observeAll(deps);
      // Without members the kernel has no service, and nothing to tell of it.
      const isServing = observed.some(({ config }) =>
        config.services.some(({ members }) => members.length > 0),
      );
      const traffic = isServing ? await readTraffic() : new Map<string, ServiceTraffic>();
      const listeners = new Map<string, ListenerSample>();
      const pools = new Map<string, PoolSample>();
      for (const each of observed) {
        const { config, id } = each;
        listeners.set(id, lvsListenerSample(each, traffic));
        const pool = lvsPoolSample(each);
        if (pool !== undefined && config.poolId !== undefined) pools.set(config.poolId, pool);
      }
      return { listeners, pools };
    },
  };
}

/** Undefined when ipvsadm does not answer: counters that fell to nothing and came back would count twice. */
function createTrafficReader({ kernel, log }: LvsHealthDeps): () => Promise<Traffic | undefined> {
  let isFailing = false;
  return async () => {
    try {
      const traffic = await kernel.traffic();
      isFailing = false;
      return traffic;
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      if (!isFailing) {
        log.warning('no statistics of UDP listeners', { error: messageOf(thrown), detail: thrown.detail });
      }
      isFailing = true;
      return undefined;
    }
  };
}

async function observeAll(deps: LvsHealthDeps): Promise<readonly Observed[]> {
  const found = await Promise.all((await idsOf(deps)).map((id) => observeSafely(deps, id)));
  return found.filter((each) => each !== undefined);
}

async function idsOf({ ids, log }: LvsHealthDeps): Promise<readonly LoadBalancerId[]> {
  try {
    return await ids();
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    log.warning('UDP listeners cannot be listed', { error: messageOf(thrown) });
    return [];
  }
}

async function observeSafely(deps: LvsHealthDeps, id: LoadBalancerId): Promise<Observed | undefined> {
  try {
    return await observe(deps, id);
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    deps.log.warning('state of a UDP listener not known', { listener: id, error: messageOf(thrown) });
    return undefined;
  }
}

/** Undefined for one that does not run, or that its controller has switched off. */
async function observe(
  { files, basePath, processes, kernel }: LvsHealthDeps,
  id: LoadBalancerId,
): Promise<Observed | undefined> {
  const process = await processes.living(id);
  if (process === undefined) return undefined;
  const paths = lvsPaths(basePath, id);
  const text = await files.readText(paths.config);
  const config = readLvsConfig(text ?? '');
  if (text === undefined || config.isDisabled) return undefined;
  const [live, table] = await Promise.all([files.readText(paths.live), kernel.table(process.pid)]);
  return { id, config, table: table ?? new Map(), isRestarting: live !== lvsLiveText(text).text };
}
