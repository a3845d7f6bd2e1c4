// What the interfaces of the amphora shall carry: addresses, routes, rules, who may come in. Pure data; the words are
// those of iproute2 and of the Octavia API (contract/octavia-1.0.md, Plugging). Texts are parsed once, here and in
// ip.ts and cidr.ts, and are then fit for an argv or a template.

import type { Cidr } from './cidr';
import type { Ip } from './ip';

declare const macBrand: unique symbol;
/** A MAC address in the kernel's form: lower case, colons. */
export type Mac = string & { readonly [macBrand]: 'Mac' };

/** The name that the interface with the VIPs has in the namespace, in every amphora. */
export const vipInterface = 'eth1';
/** The routing table for traffic from the VIPs. */
export const vipTable = 1;

export interface InterfaceAddress {
  readonly ip: Ip;
  readonly prefix: number;
}

export interface WantedRoute {
  readonly destination: Cidr;
  readonly gateway?: Ip;
  /** The gateway is taken for a neighbour although no subnet of the interface has it. */
  readonly isOnLink?: boolean;
  /** The source address of what leaves by it. */
  readonly source?: Ip;
  readonly table: 'main' | typeof vipTable;
  /** A tenant's host route: where the kernel refuses it, the rest is done without it and the outcome says so. */
  readonly isOptional?: boolean;
}

/** What is sent from one address is routed by the table of the VIPs. */
export interface WantedRule {
  readonly from: Ip;
}

/** All that one interface of the namespace shall be; what it carries beyond this is taken away. */
export interface WantedInterface {
  /** Its name in the namespace, `eth` and a number. Rules and the table of the VIPs are those of `eth1` alone. */
  readonly name: string;
  /** Undefined: as the kernel made it. */
  readonly mtu?: number;
  readonly addresses: readonly InterfaceAddress[];
  /** Addresses that keepalived puts on and takes off: never touched, whoever else has one in the namespace is refused. */
  readonly movingAddresses: readonly InterfaceAddress[];
  readonly routes: readonly WantedRoute[];
  readonly rules: readonly WantedRule[];
  /** Address families whose LVS traffic leaves this interface with its own address. */
  readonly masquerade: readonly (4 | 6)[];
}

/** One kind of traffic that is admitted. */
export interface FirewallRule {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'vrrp';
  /** Null: from anywhere. */
  readonly from: Cidr | null;
  /** Has no meaning for vrrp. */
  readonly port: number;
}

/** An interface that exists, and where. */
export interface FoundInterface {
  readonly name: string;
  /** Whether it is in the namespace of the amphora; else it is in the agent's own. */
  readonly isInside: boolean;
}

const macPattern = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const namePattern = /^eth(?:0|[1-9]\d{0,3})$/;

/** Parses a MAC address, any letter case; undefined when it is none, or one that no single interface has (group bit, all zero). */
export function parseMac(text: string): Mac | undefined {
  const mac = text.toLowerCase();
  if (!macPattern.test(mac) || mac === '00:00:00:00:00:00') return undefined;
  const isGroup = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
  return isGroup ? undefined : (mac as Mac);
}

/** Tells whether a name is one that interfaces get in the namespace: `eth` and a number. */
export function isInterfaceName(name: string): boolean {
  return namePattern.test(name);
}
