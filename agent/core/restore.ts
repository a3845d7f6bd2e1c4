// What happens to load balancers when the agent starts: adopt what runs, start what should, finish what a killed
// agent had begun. One that cannot be restored is reported and never keeps the others waiting for good.
// Source: DESIGN "On disk", "Adopt".

import { idsOnDisk } from '../haproxy/ids-on-disk';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { createLimiter } from '../model/limiter';
import type { LoadBalancers, RestoreOutcome } from './load-balancers';
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

/** Refuses a base_path that a newer agent has written to (`version-mismatch`), before anything in it is touched. */
export async function refuseNewerStates({
  files,
  basePath,
  state,
}: Pick<RestoreDeps, 'files' | 'basePath' | 'state'>): Promise<void> {
  for (const id of await restorableIds(files, basePath)) {
    try {
      await state.read(id);
    } catch (thrown) {
      // Any other fault is this load balancer's alone, and restoring it will say so.
      if (isAgentError(thrown, 'version-mismatch')) throw thrown;
    }
  }
}

// Enough to keep a machine busy; what hundreds at once leave behind in memory stays there.
const mostAtOnce = 16;

type Outcome = RestoreOutcome | 'failed';

/** Restores every load balancer, side by side. Never throws for one of them. */
export async function restoreLoadBalancers(deps: RestoreDeps): Promise<RestoreReport> {
  const ids = await restorableIds(deps.files, deps.basePath);
  // First what all of them have: a start must not take a port that another will be found to serve.
  for (const id of ids) await safely(deps, id, () => deps.loadBalancers.claim(id));
  const inTurn = createLimiter(mostAtOnce);
  const restored = ids.map((id) => inTurn(() => safely(deps, id, () => deps.loadBalancers.restore(id))));
  const outcomes = (await Promise.all(restored)).map((outcome): Outcome => outcome ?? 'failed');
  const those = (wanted: Outcome): readonly LoadBalancerId[] =>
    ids.filter((_, index) => outcomes[index] === wanted);
  return { adopted: those('adopted'), started: those('started'), failed: those('failed') };
}

/** Undefined when the job failed: that is this load balancer's trouble alone, and the log's. */
async function safely<T>(
  { log }: RestoreDeps,
  id: LoadBalancerId,
  job: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await job();
  } catch (thrown) {
    const detail = thrown instanceof AgentError ? thrown.detail : undefined;
    log.error('load balancer not restored', { loadBalancer: id, error: messageOf(thrown), detail });
    return undefined;
  }
}

async function restorableIds(files: Files, basePath: string): Promise<readonly LoadBalancerId[]> {
  return idsOnDisk(files, basePath, await files.list(basePath));
}
