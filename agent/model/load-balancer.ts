// What the agent says of a load balancer and of what is in it, independent of any dialect.

import type { LoadBalancerId } from './ids';

/** `running`: its haproxy answers. `stopped`: not meant to run. `error`: meant to run and does not, or unreadable. */
export type LoadBalancerStatus = 'running' | 'stopped' | 'error';

/** How a listener takes its traffic: TLS ended by haproxy, or the frontend's mode. */
export type ListenerType = 'TERMINATED_HTTPS' | 'HTTP' | 'TCP';

export interface LoadBalancerSummary {
  readonly id: LoadBalancerId;
  readonly status: LoadBalancerStatus;
  readonly type: ListenerType;
}

export type PoolStatus = 'UP' | 'DOWN' | 'DEGRADED';
export type MemberStatus = 'UP' | 'DOWN';

/** A pool is an haproxy backend, a member one of its servers; both are known by name. */
export interface Pool {
  readonly name: string;
  readonly status: PoolStatus;
  readonly members: readonly Member[];
}

export interface Member {
  readonly name: string;
  readonly status: MemberStatus;
}

/** Derives a pool's status from its members; a pool without members is what haproxy says of the backend. */
export function poolStatus(backendIsUp: boolean, members: readonly Member[]): PoolStatus {
  const up = members.filter((member) => member.status === 'UP').length;
  if (!backendIsUp || (members.length > 0 && up === 0)) return 'DOWN';
  return up < members.length ? 'DEGRADED' : 'UP';
}
