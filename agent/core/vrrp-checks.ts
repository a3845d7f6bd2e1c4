// What the pair's check looks at: the load balancers that should run and are not just being started or stopped, so that
// what is done on purpose moves no VIP. Source: contract/vrrp.md section 4 "Check script".
//
// INVARIANTS:
// - one that is being stopped is taken off the list at once: the check fails at its second look, a second later;
// - calls reach the load balancers in the order in which they were made;
// - one that is started is on it from when it serves;
// - the list is written whole, and only where keepalived is configured.

import type { Files } from '../host/files';
import type { HaproxyPaths } from '../haproxy/paths';
import { writeCheckList } from '../keepalived/vrrp-check-list';
import type { VrrpPaths } from '../keepalived/vrrp-paths';
import type { LoadBalancerId } from '../model/ids';
import type { Gate } from './gate';
import type { LoadBalancers } from './load-balancers';
import type { StateStore } from './state-store';
import type { UdpListeners } from './udp-listeners';
import type { VrrpStateStore } from './vrrp-state';

export interface VrrpChecks {
  /** Takes in what should run by its state on disk, and writes the list. */
  refresh(): Promise<void>;
  /** The same verbs, which keep the list in step. */
  over(loadBalancers: LoadBalancers): LoadBalancers;
  /** The same for UDP listeners: an amphora that has only those has no haproxy to check. */
  overUdp<Listeners extends Pick<UdpListeners, 'upload' | 'remove'>>(listeners: Listeners): Listeners;
}

export interface VrrpChecksDeps {
  readonly files: Files;
  readonly paths: VrrpPaths;
  readonly gate: Gate<'list'>;
  readonly state: Pick<StateStore, 'read'>;
  readonly vrrpState: Pick<VrrpStateStore, 'read'>;
  readonly ids: () => Promise<readonly LoadBalancerId[]>;
  readonly hasUdpListeners: () => Promise<boolean>;
  readonly pathsOf: (id: LoadBalancerId) => Pick<HaproxyPaths, 'pidFile' | 'adminSocket'>;
  /** The file name of haproxy's program. */
  readonly program: string;
  /** Ports that must be listened on beside. */
  readonly servicePorts: () => readonly number[];
  /** Told what could not be written: the change itself was done. */
  readonly failed: (thrown: unknown) => void;
}

/** Makes the keeper of the list; nothing is written yet. */
export function createVrrpChecks(deps: VrrpChecksDeps): VrrpChecks {
  const { gate, state } = deps;
  const busy = new Map<LoadBalancerId, number>();
  let listed: ReadonlySet<LoadBalancerId> = new Set();

  async function shouldRun(id: LoadBalancerId): Promise<boolean> {
    if (busy.has(id)) return false;
    // Whose state cannot be read is nobody's to check.
    const known = await state.read(id).catch(() => undefined);
    return known?.desired === 'running';
  }

  const refresh = (): Promise<void> =>
    gate.run('list', async () => {
      listed = new Set(await write(deps, shouldRun));
    });

  async function refreshSafely(): Promise<void> {
    try {
      await refresh();
    } catch (thrown) {
      deps.failed(thrown);
    }
  }

  /** While a job changes a load balancer it is not checked. The job begins at once: calls keep their order. */
  async function through<T>(id: LoadBalancerId, job: () => Promise<T>): Promise<T> {
    busy.set(id, (busy.get(id) ?? 0) + 1);
    const running = job();
    const told = refreshSafely();
    try {
      return await running;
    } finally {
      await told;
      const left = (busy.get(id) ?? 1) - 1;
      if (left > 0) busy.set(id, left);
      else busy.delete(id);
      await refreshSafely();
    }
  }

  /** One that is on the list is checked all the while. */
  const beginning = <T>(id: LoadBalancerId, job: () => Promise<T>): Promise<T> =>
    listed.has(id) ? job() : through(id, job);

  async function after(done: Promise<void>): Promise<void> {
    await done;
    await refreshSafely();
  }

  return {
    refresh,
    over: (loadBalancers) => ({
      ...loadBalancers,
      upload: (input) => after(loadBalancers.upload(input)),
      start: (id) => beginning(id, () => loadBalancers.start(id)),
      reload: (id) => beginning(id, () => loadBalancers.reload(id)),
      stop: (id) => through(id, () => loadBalancers.stop(id)),
      pause: (id) => through(id, () => loadBalancers.pause(id)),
      remove: (id, by) => through(id, () => loadBalancers.remove(id, by)),
    }),
    overUdp: (listeners) => ({
      ...listeners,
      upload: (...given: Parameters<UdpListeners['upload']>) => after(listeners.upload(...given)),
      remove: (...given: Parameters<UdpListeners['remove']>) => after(listeners.remove(...given)),
    }),
  };
}

/** Gives those that are on the list. */
async function write(
  deps: VrrpChecksDeps,
  shouldRun: (id: LoadBalancerId) => Promise<boolean>,
): Promise<readonly LoadBalancerId[]> {
  const { files, paths } = deps;
  if ((await files.stat(paths.config)) === undefined) return [];
  const ids = await deps.ids();
  const running: LoadBalancerId[] = [];
  for (const id of ids) if (await shouldRun(id)) running.push(id);
  const { origin } = await deps.vrrpState.read();
  const isSomething = ids.length > 0 || (await deps.hasUdpListeners());
  await writeCheckList(files, paths.checkList, {
    program: deps.program,
    loadBalancers: running.map((id) => {
      const { pidFile, adminSocket } = deps.pathsOf(id);
      return { pidFile, statsSocket: adminSocket };
    }),
    servicePorts: deps.servicePorts(),
    whenNone: origin === 'generated' || isSomething ? 'success' : 'failure',
  });
  return running;
}
