// A port of the amphora as a controller wants it: which VIPs and addresses are on it, and the ways from there. What the
// kernel must have for it follows (core/port-plan). Source: contract/octavia-1.0.md "Plugging".

import type { Cidr } from './cidr';
import type { Ip } from './ip';
import type { InterfaceAddress } from './network';

/** A way to a network behind a router on the port's link. */
export interface HostRoute {
  readonly destination: Cidr;
  readonly nexthop: Ip;
}

/** An address with the ways of its subnet. */
export interface PortAddress extends InterfaceAddress {
  readonly gateway?: Ip;
  readonly hostRoutes: readonly HostRoute[];
}

export interface Port {
  readonly mtu?: number;
  /** The VIP, then the additional ones; none on a port that only reaches members. The prefix is the subnet's. */
  readonly vips: readonly PortAddress[];
  /** This amphora's own address in the subnet of the VIP. */
  readonly vrrp?: InterfaceAddress;
  readonly fixedIps: readonly PortAddress[];
}

/** A VIP as keepalived must know it. */
export interface PluggedVip {
  /** The name of its interface in the namespace. */
  readonly interface: string;
  readonly vip: PortAddress;
  /** The other VIPs of that interface. */
  readonly additional: readonly PortAddress[];
  readonly vrrp?: InterfaceAddress;
}
