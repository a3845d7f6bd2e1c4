// How an amphora shares its work with others, and which part it plays now. Source: contract/amphora-v0.1.md "Topology".

export type Topology = 'SINGLE' | 'ACTIVE-STANDBY' | 'ACTIVE-ACTIVE';
export type Role = 'ACTIVE' | 'STANDBY';

/** What somebody asks for; roles of a pair are preferences, who is active is found out by VRRP. */
export type WantedTopology = { readonly topology: 'SINGLE' | 'ACTIVE-ACTIVE' } | Pair;

/** One half of a pair. */
export interface Pair {
  readonly topology: 'ACTIVE-STANDBY';
  readonly role: Role;
  /** The address that moves between the two, in canonical text. */
  readonly haIp: string;
  readonly secret: string;
  readonly virtualRouterId?: number;
  readonly priority?: number;
  readonly advertIntervalS?: number;
  /** The other half's addresses: VRRP then is unicast. */
  readonly peers?: readonly string[];
  readonly interface?: string;
}

/** The address of a pair as an interface carries it. */
export interface HeldAddress {
  /** In canonical text. */
  readonly ip: string;
  readonly prefixLength: number;
  readonly interfaceName: string;
}

export interface TopologyState {
  readonly topology: Topology;
  readonly role: Role;
  /** Whether this amphora serves now: it is alone, or VRRP says that it is MASTER. */
  readonly isActive: boolean;
  /** The address that moves between the two of a pair; '' without one. */
  readonly haIp: string;
  readonly inTransition: boolean;
  /** Why the last transition ended where it had begun. */
  readonly error?: string;
  /** What an operator should know of how the pair authenticates itself. */
  readonly note?: string;
}

/** Tells whether two wishes are one. */
export function isSameTopology(a: WantedTopology, b: WantedTopology): boolean {
  return canonical(a) === canonical(b);
}

function canonical(wanted: WantedTopology): string {
  if (wanted.topology !== 'ACTIVE-STANDBY') return wanted.topology;
  const { topology, role, haIp, secret, virtualRouterId, priority, advertIntervalS, peers } = wanted;
  const sorted = peers === undefined ? null : [...peers].sort();
  const options = [
    virtualRouterId ?? null,
    priority ?? null,
    advertIntervalS ?? null,
    wanted.interface ?? null,
  ];
  return JSON.stringify([topology, role, haIp, secret, sorted, ...options]);
}
