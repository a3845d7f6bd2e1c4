// Drains that wait, over the haproxies that are offered. A reload of one of ours brings a new worker, which has the
// operator's state again once the reload is over, and leaves sessions on the old one: both count.
// Source: contract/runtime.md 6.1.

import { runtimeCommand, type ServerName } from '../../haproxy/runtime/command';
import { cutOnOldWorkers, sessionsOnOldWorkers } from '../../haproxy/runtime/old-worker-servers';
import { requireSuccess } from '../../haproxy/runtime/answers';
import type { Clock } from '../../host/clock';
import type { UnixSockets } from '../../host/sockets';
import type { LoadBalancerId } from '../../model/ids';
import { awaitDrain, beginDrain, type DrainProgress, type DrainTarget, type DrainWish } from './drain';
import type { Instance, Instances } from './instances';
import { readServer } from './look';
import type { Operation, Operations } from './operations';
import { refuseServerName, type RuntimeServers } from './servers';

/** What a drain is of, and what it has come to. */
export interface Drained extends DrainProgress, ServerName {
  readonly instance: string;
  readonly wish: DrainWish;
}

export interface Drains {
  /** Sets a server draining and waits for it in the background. Throws what haproxy refuses, `unavailable` when too many are waited for. */
  begin(instance: string | undefined, name: ServerName, wish: DrainWish): Promise<Operation<Drained>>;
  /** Waits until it has ended; when `gone` aborts it is cancelled. */
  ended(id: string, gone: AbortSignal): Promise<Operation<Drained>>;
  /** Throws `not-found`, also when it is of another instance than the one named. */
  get(instance: string | undefined, id: string): Operation<Drained>;
  /** Ends the wait; the server stays as it is. Throws as `get` does. */
  cancel(instance: string | undefined, id: string): Promise<Operation<Drained>>;
}

export interface DrainsDeps {
  readonly instances: Instances;
  readonly servers: Pick<RuntimeServers, 'setState'>;
  readonly operations: Operations<Drained>;
  readonly sockets: UnixSockets;
  readonly clock: Clock;
  readonly masterSocketOf: (id: LoadBalancerId) => string;
  /** Resolves when no change of the load balancer is under way. */
  readonly settled: (id: LoadBalancerId) => Promise<void>;
}

/** Makes the verbs. */
export function createDrains(deps: DrainsDeps): Drains {
  const { operations, clock } = deps;

  function get(instance: string | undefined, id: string): Operation<Drained> {
    const found = operations.get(id);
    return instance === undefined || found.progress.instance === instance ? found : operations.get('');
  }

  return {
    async begin(wanted, name, wish) {
      refuseServerName(name);
      const instance = await deps.instances.find(wanted);
      const target = targetOf(deps, instance, name);
      const begun = await beginDrain(target);
      const subject = { instance: instance.name, ...name, wish };
      return operations.begin({ ...begun, ...subject }, async (report, signal) => {
        const context = {
          clock,
          signal,
          report: (progress: DrainProgress) => report({ ...progress, ...subject }),
        };
        const ending = await awaitDrain(target, wish, begun, context);
        return { ...ending, progress: { ...ending.progress, ...subject } };
      });
    },

    async ended(id, gone) {
      const cancel = (): void => void operations.cancel(id).catch(() => undefined);
      if (gone.aborted) cancel();
      gone.addEventListener('abort', cancel, { once: true });
      try {
        return await operations.ended(id);
      } finally {
        gone.removeEventListener('abort', cancel);
      }
    },

    get,

    cancel(instance, id) {
      return operations.cancel(get(instance, id).id);
    },
  };
}

function targetOf(
  { servers, sockets, masterSocketOf, settled }: DrainsDeps,
  { name: instance, channel, loadBalancer }: Instance,
  name: ServerName,
): DrainTarget {
  const master = loadBalancer === undefined ? undefined : masterSocketOf(loadBalancer);
  return {
    async look() {
      const { server, backendRow } = await readServer(channel, name);
      const old = master === undefined ? 0 : await sessionsOnOldWorkers(sockets, master, name);
      return {
        sessions: (Number(server.column('scur')) || 0) + old,
        queue: Number(server.column('qcur')) || 0,
        mode: server.adminState,
        cookiePersistent: backendRow.column('cookie') !== '',
      };
    },
    async setMode(mode) {
      await servers.setState(instance, name, mode);
    },
    async cut() {
      const answer = await channel.write(runtimeCommand('shutdown', 'sessions', 'server', name));
      requireSuccess('shutdown sessions server', answer, name);
      if (master !== undefined) await cutOnOldWorkers(sockets, master, name);
    },
    settled: () => (loadBalancer === undefined ? Promise.resolve() : settled(loadBalancer)),
  };
}
