// What one VRRP instance is: the group of two amphorae that share virtual addresses, as one of them sees it. Pure.
// Source: RFC 5798, keepalived.conf(5) "VRRP INSTANCE(S)", contract/vrrp.md sections 2 to 4.

import type { Ip } from './ip';
import type { Role } from './topology';

/** A virtual address with what makes answers leave by the way that they came (table 1). */
export interface VrrpVip {
  readonly ip: Ip;
  /** That of its subnet, so that the kernel knows the neighbours. */
  readonly prefixLength: number;
  /** The subnet as `address/length`; undefined leaves table 1 alone. */
  readonly network?: string;
  readonly gateway?: Ip;
  readonly hostRoutes?: readonly VrrpHostRoute[];
}

export interface VrrpHostRoute {
  /** As `address/length`. */
  readonly destination: string;
  readonly nexthop: Ip;
}

/** How often the check script runs, and how many of its answers count. */
export interface VrrpCheckTiming {
  readonly intervalS: number;
  /** At most the interval. */
  readonly timeoutS: number;
  readonly fall: number;
  readonly rise: number;
}

export interface VrrpInstance {
  readonly name: string;
  /** The name of this amphora. */
  readonly routerId: string;
  readonly interfaceName: string;
  /** 1 to 255, equal on both and unique on their network. */
  readonly virtualRouterId: number;
  /** 1 to 254. */
  readonly priority: number;
  readonly advertMs: number;
  /** Our own address, when the peers are known. */
  readonly source: Ip | undefined;
  /** Empty: announced by multicast. */
  readonly peers: readonly Ip[];
  /** At least one. */
  readonly vips: readonly VrrpVip[];
  /** At most 8 letters and digits; undefined without authentication. */
  readonly authPass: string | undefined;
  readonly check: VrrpCheckTiming;
}

/** What keepalived last said of itself. `FAULT`: its check fails, or its interface is gone. */
export type VrrpState = 'MASTER' | 'BACKUP' | 'FAULT';

/** A failure of haproxy is noticed within 2 s, and one that is over within 2 s. */
export const defaultCheckTiming: VrrpCheckTiming = { intervalS: 1, timeoutS: 1, fall: 2, rise: 2 };
export const defaultAdvertMs = 1_000;
/** Below this the two must not be nearer to each other: their head starts would differ by too little. */
export const subSecondPriorityGap = 50;

const priorities: Readonly<Record<Role, number>> = { ACTIVE: 100, STANDBY: 90 };
const subSecondPriorities: Readonly<Record<Role, number>> = { ACTIVE: 150, STANDBY: 100 };

/** The priority by which a role is expressed. */
export function vrrpPriority(role: Role, advertMs = defaultAdvertMs): number {
  return (advertMs < 1_000 ? subSecondPriorities : priorities)[role];
}

/** The family that an instance speaks: that of its own address, else of its first virtual one. */
export function vrrpFamily({ source, peers, vips }: VrrpInstance): 4 | 6 {
  return (source ?? peers[0] ?? vips[0]?.ip)?.family ?? 4;
}

/** VRRPv3 is what IPv6 and advertisements below a second need; v2 alone has authentication. */
export function vrrpVersion(instance: VrrpInstance): 2 | 3 {
  return vrrpFamily(instance) === 6 || instance.advertMs % 1_000 !== 0 ? 3 : 2;
}
