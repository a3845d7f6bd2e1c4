// What happens to load balancers when the agent starts: adopt what runs, start what should, finish what a killed
// agent had begun. One that cannot be restored is reported and never keeps the others waiting for good.
// Source: DESIGN "On disk", "Adopt".

import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { AgentError, messageOf } from '../model/errors';
import { isUuid, parseListenerUuid, type LoadBalancerId } from '../model/ids';
import type { LoadBalancers } from './load-balancers';
import type { StateStore } from './state-store';

export interface RestoreReport {
  readonly adopted: readonly LoadBalancerId[];
  readonly started: readonly LoadBalancerId[];
  readonly failed: readonly LoadBalancerId[];
}

export interface RestoreDeps {
  readonly files: Files;
  readonly log: Log;
  readonly basePath: string;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
}

type Outcome = 'adopted' | 'started' | 'failed' | 'none';

/** Restores every load balancer, side by side. Never throws for one of them. */
export async function restoreLoadBalancers(deps: RestoreDeps): Promise<RestoreReport> {
  const names = (await deps.files.list(deps.basePath)).filter(isUuid);
  const ids = names.map((name) => parseListenerUuid(name)).filter((id, index) => id === names[index]);
  const outcomes = await Promise.all(ids.map((id) => restoreSafely(deps, id)));
  const those = (wanted: Outcome): readonly LoadBalancerId[] =>
    ids.filter((_, index) => outcomes[index] === wanted);
  return { adopted: those('adopted'), started: those('started'), failed: those('failed') };
}

async function restoreSafely(deps: RestoreDeps, id: LoadBalancerId): Promise<Outcome> {
  try {
    return await restoreOne(deps, id);
  } catch (thrown) {
    const detail = thrown instanceof AgentError ? thrown.detail : undefined;
    deps.log.error('load balancer not restored', { loadBalancer: id, error: messageOf(thrown), detail });
    return 'failed';
  }
}

async function restoreOne({ state, loadBalancers }: RestoreDeps, id: LoadBalancerId): Promise<Outcome> {
  const known = await state.read(id);
  if (known === undefined) return 'none';
  if (known.desired === 'removed') {
    await loadBalancers.remove(id);
    return 'none';
  }
  if (known.desired === 'stopped') {
    if ((await loadBalancers.living(id)) !== undefined) await loadBalancers.stop(id);
    return 'none';
  }
  const { started } = await loadBalancers.start(id);
  return started ? 'started' : 'adopted';
}
