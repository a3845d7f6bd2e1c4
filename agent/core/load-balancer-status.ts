// What can be said of a load balancer without changing it: status, type, pools and members.
// Source: contract/amphora-v0.1.md "Listeners".

import type { Frontend } from '../haproxy/config/sections';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { readPools } from '../haproxy/pools';
import type { HaproxyProcess } from '../haproxy/process';
import { createWorkerClient } from '../haproxy/runtime/client';
import { showStat } from '../haproxy/runtime/show-stat';
import type { UnixSockets } from '../host/sockets';
import { isAgentError, notFound } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ListenerType, LoadBalancerStatus, LoadBalancerSummary, Pool } from '../model/load-balancer';
import type { LoadBalancers } from './load-balancers';
import type { StateStore } from './state-store';
import type { StoredFrontends } from './stored-frontends';
import type { Watcher } from './watcher';

export interface LoadBalancerStatuses {
  /** All that exist, in the order of their ids. */
  list(): Promise<readonly LoadBalancerSummary[]>;
  /** One, with its pools as the runtime socket tells them; none while it does not answer. Throws `not-found`. */
  describe(id: LoadBalancerId): Promise<LoadBalancerSummary & { readonly pools: readonly Pool[] }>;
  /** Which there are, and how many of their process groups live: cheaper than `list`. */
  count(): Promise<{ readonly ids: readonly LoadBalancerId[]; readonly running: number }>;
  /** Those whose process groups live. */
  living(): Promise<readonly LoadBalancerId[]>;
}

export interface LoadBalancerStatusDeps {
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
  readonly watcher: Pick<Watcher, 'look' | 'heard'>;
  readonly haproxy: HaproxyProcess;
  readonly sockets: UnixSockets;
  readonly frontends: StoredFrontends;
}

/** Makes the readers. */
export function createLoadBalancerStatuses(deps: LoadBalancerStatusDeps): LoadBalancerStatuses {
  const { state, loadBalancers, haproxy, watcher } = deps;

  async function statusOf(id: LoadBalancerId): Promise<LoadBalancerStatus> {
    // First of all: one whose record is spoiled cannot be worked with, however well its haproxy serves.
    await state.read(id);
    // What is watched is known, and meant to run: to ask hundreds of haproxies for one list would take longer than
    // the list may.
    const health = watcher.look(id);
    if (health === 'serves' || health === 'changing') return 'running';
    if (health === 'down' || health === 'hung') return 'error';
    if (health === undefined && (await loadBalancers.living(id)) === undefined) {
      return (await state.read(id))?.desired === 'running' ? 'error' : 'stopped';
    }
    if (!(await haproxy.answers(haproxyPaths(deps.roots, id)))) return 'error';
    watcher.heard(id);
    return 'running';
  }

  async function lives(id: LoadBalancerId): Promise<boolean> {
    const health = watcher.look(id);
    return health === undefined ? (await loadBalancers.living(id)) !== undefined : health !== 'down';
  }

  async function living(ids: readonly LoadBalancerId[]): Promise<readonly LoadBalancerId[]> {
    const groups = await Promise.all(ids.map((id) => readable(() => lives(id))));
    return ids.filter((_, index) => groups[index] === true);
  }

  async function summary(id: LoadBalancerId): Promise<LoadBalancerSummary> {
    // One whose files cannot be read must not hide the others.
    const [found, type] = await Promise.all([
      readable(() => statusOf(id)),
      readable(async () => typeOf(await deps.frontends(id))),
    ]);
    const status = type === undefined ? 'error' : (found ?? 'error');
    return { id, status, type: type ?? 'TCP' };
  }

  async function pools(id: LoadBalancerId): Promise<readonly Pool[]> {
    const client = createWorkerClient(deps.sockets, haproxyPaths(deps.roots, id).masterSocket);
    return readPools(await showStat(client));
  }

  return {
    async list() {
      return Promise.all((await loadBalancers.ids()).map(summary));
    },
    async count() {
      const ids = await loadBalancers.ids();
      return { ids, running: (await living(ids)).length };
    },
    living: async () => living(await loadBalancers.ids()),
    async describe(id) {
      if (!(await loadBalancers.ids()).includes(id)) throw notFound('load balancer', id);
      const found = await summary(id);
      const answered = found.status === 'running' ? await readable(() => pools(id)) : undefined;
      return { ...found, pools: answered ?? [] };
    },
  };
}

function typeOf(frontends: readonly Frontend[]): ListenerType {
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
