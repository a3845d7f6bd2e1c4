// Listeners for UDP and SCTP: each is one keepalived that keeps a virtual server of the kernel, not a frontend of a load
// balancer. What every dialect asks of them. Source: contract/octavia-1.0.md "UDP and SCTP listeners".

import type { LoadBalancerId } from '../model/ids';

export interface UdpListener {
  readonly id: LoadBalancerId;
  readonly type: 'UDP' | 'SCTP';
  readonly isRunning: boolean;
}

export interface UdpListeners {
  /** Ids of all that exist. */
  ids(): Promise<readonly LoadBalancerId[]>;
  /** Tells whether one of that id exists. */
  has(id: LoadBalancerId): Promise<boolean>;
  /** All that exist, in the order of their ids. */
  list(): Promise<readonly UdpListener[]>;
  /** The stored configuration, as uploaded. Throws `not-found`. */
  config(id: LoadBalancerId): Promise<string>;
  /** Stores a configuration that keepalived accepts; the process is not touched. Throws `config-rejected`. */
  upload(id: LoadBalancerId, text: string, amphora?: string): Promise<void>;
  /** Starts it, or leaves a running one alone. Throws `not-found`, `reload-failed`. */
  start(id: LoadBalancerId): Promise<void>;
  /** Stops it; a stopped one is left alone. Throws `not-found`. */
  stop(id: LoadBalancerId): Promise<void>;
  /** Makes it follow the stored configuration, or starts one that does not run. Throws `not-found`, `reload-failed`. */
  reload(id: LoadBalancerId): Promise<void>;
  /** Stops it and removes all of it. Throws `not-found`. */
  remove(id: LoadBalancerId): Promise<void>;
}
