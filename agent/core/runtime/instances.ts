// Which haproxies the runtime API offers: those of the configuration, else the load balancers of this amphora, reached
// through their masters' sockets, which last longer than workers. Source: contract of the runtime API, 1 and 2.

import { haproxyPaths, type HaproxyRoots } from '../../haproxy/paths';
import {
  defaultInstance,
  isAddress,
  reservedInstanceNames,
  type OfferedInstance,
} from '../../model/haproxy-address';
import type { LoadBalancerId } from '../../model/ids';
import { runtimeError } from '../../model/runtime-fault';
import type { LoadBalancers } from '../load-balancers';
import { createChannel, type Channel, type ChannelDeps } from './channel';

/** One haproxy that is offered. */
export interface Instance {
  readonly name: string;
  /** Which load balancer of ours it is; undefined for one of the configuration. */
  readonly loadBalancer: LoadBalancerId | undefined;
  /** How it is reached, for logs and lists. */
  readonly type: 'unix' | 'tcp4' | 'tcp6';
  /** Throws `bad_address` at every command where the configured address is none. */
  readonly channel: Channel;
}

export interface Instances {
  /** All that are offered now, in the order of the configuration or of their ids. */
  list(): Promise<readonly Instance[]>;
  /** The one of this name; without a name `default`, else the only one. Throws `instance_not_found`. */
  find(name: string | undefined): Promise<Instance>;
}

export interface InstancesDeps extends ChannelDeps {
  /** Those of the configuration; with none, the load balancers are offered. */
  readonly offered: readonly OfferedInstance[];
  readonly loadBalancers: Pick<LoadBalancers, 'ids'>;
  readonly roots: HaproxyRoots;
}

/** Makes the directory of instances. */
export function createInstances(deps: InstancesDeps): Instances {
  const { offered } = deps;
  const configured = offered.map((each) => configuredInstance(deps, each));
  const list = configured.length > 0 ? () => Promise.resolve(configured) : createOwnInstances(deps);
  return {
    list,
    async find(name) {
      const all = await list();
      const [first] = all;
      const found = all.find((each) => each.name === (name ?? defaultInstance));
      if (found !== undefined) return found;
      if (name === undefined && all.length === 1 && first !== undefined) return first;
      throw runtimeError({ code: 'instance_not_found', name, known: all.map((each) => each.name) });
    },
  };
}

function configuredInstance(deps: ChannelDeps, { name, address }: OfferedInstance): Instance {
  const loadBalancer = undefined;
  if (isAddress(address)) {
    const channel = createChannel(deps, { name, at: address, isMaster: false });
    return { name, loadBalancer, type: address.type, channel };
  }
  const refuse = (): Promise<never> => Promise.reject(runtimeError({ code: 'bad_address', ...address }));
  return { name, loadBalancer, type: 'unix', channel: { read: refuse, readAs: refuse, write: refuse } };
}

/** Load balancers come and go; the channel of one is kept as long as it is there. */
function createOwnInstances(deps: InstancesDeps): () => Promise<readonly Instance[]> {
  let kept: ReadonlyMap<LoadBalancerId, Instance> = new Map();
  return async () => {
    const ids = (await deps.loadBalancers.ids()).filter((id) => !reservedInstanceNames.has(id));
    kept = new Map([...ids].sort().map((id) => [id, kept.get(id) ?? ownInstance(deps, id)] as const));
    return [...kept.values()];
  };
}

function ownInstance(deps: InstancesDeps, id: LoadBalancerId): Instance {
  const at = { type: 'unix', path: haproxyPaths(deps.roots, id).masterSocket } as const;
  return {
    name: id,
    loadBalancer: id,
    type: at.type,
    channel: createChannel(deps, { name: id, at, isMaster: true }),
  };
}
