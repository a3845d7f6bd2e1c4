// What can be said of a load balancer without changing it: status, type, pools and members.
// Source: contract/amphora-v0.1.md "Listeners".

import { readFrontends } from '../haproxy/config/sections';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { readPools } from '../haproxy/pools';
import type { HaproxyProcess } from '../haproxy/process';
import { createRuntimeClient } from '../haproxy/runtime/client';
import { showStat } from '../haproxy/runtime/show-stat';
import type { UnixSockets } from '../host/sockets';
import { isAgentError, notFound } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ListenerType, LoadBalancerStatus, LoadBalancerSummary, Pool } from '../model/load-balancer';
import type { LoadBalancers } from './load-balancers';
import type { StateStore } from './state-store';

export interface LoadBalancerStatuses {
  /** All that exist, in the order of their ids. */
  list(): Promise<readonly LoadBalancerSummary[]>;
  /** One, with its pools as the runtime socket tells them; none while it does not answer. Throws `not-found`. */
  describe(id: LoadBalancerId): Promise<LoadBalancerSummary & { readonly pools: readonly Pool[] }>;
  /** Which there are, and how many of their process groups live: cheaper than `list`. */
  count(): Promise<{ readonly ids: readonly LoadBalancerId[]; readonly running: number }>;
}

export interface LoadBalancerStatusDeps {
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
  readonly haproxy: HaproxyProcess;
  readonly sockets: UnixSockets;
}

/** Makes the readers. */
export function createLoadBalancerStatuses(deps: LoadBalancerStatusDeps): LoadBalancerStatuses {
  const { state, loadBalancers, haproxy } = deps;

  async function statusOf(id: LoadBalancerId): Promise<LoadBalancerStatus> {
    const desired = (await state.read(id))?.desired ?? 'stopped';
    const alive = (await loadBalancers.living(id)) !== undefined;
    if (!alive) return desired === 'running' ? 'error' : 'stopped';
    return (await haproxy.answers(haproxyPaths(deps.roots, id))) ? 'running' : 'error';
  }

  async function summary(id: LoadBalancerId): Promise<LoadBalancerSummary> {
    // One whose files cannot be read must not hide the others.
    const [found, config] = await Promise.all([
      readable(() => statusOf(id)),
      readable(() => loadBalancers.config(id)),
    ]);
    const status = config === undefined ? 'error' : (found ?? 'error');
    return { id, status, type: typeOf(config ?? '') };
  }

  async function pools(id: LoadBalancerId): Promise<readonly Pool[]> {
    const client = createRuntimeClient(deps.sockets, haproxyPaths(deps.roots, id).adminSocket);
    return readPools(await showStat(client));
  }

  return {
    async list() {
      return Promise.all((await loadBalancers.ids()).map(summary));
    },
    async count() {
      const ids = await loadBalancers.ids();
      const groups = await Promise.all(ids.map((id) => readable(() => loadBalancers.living(id))));
      return { ids, running: groups.filter((group) => group !== undefined).length };
    },
    async describe(id) {
      if (!(await loadBalancers.ids()).includes(id)) throw notFound('load balancer', id);
      const found = await summary(id);
      const answered = found.status === 'running' ? await readable(() => pools(id)) : undefined;
      return { ...found, pools: answered ?? [] };
    },
  };
}

function typeOf(config: string): ListenerType {
  const frontends = readFrontends(config);
  if (frontends.some((frontend) => frontend.terminatesTls)) return 'TERMINATED_HTTPS';
  return frontends[0]?.mode === 'http' ? 'HTTP' : 'TCP';
}

/** Undefined for what cannot be read now: absent, unreadable, or a worker that went away in between. */
async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (isAgentError(thrown)) return undefined;
    throw thrown;
  }
}
