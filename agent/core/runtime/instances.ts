// Which haproxies the runtime API offers: those of the configuration, else the load balancers of this amphora.
// Source: contract of the runtime API, 1 and 2.

import type { LoadBalancerId } from '../../model/ids';
import type { Channel } from './channel';

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
