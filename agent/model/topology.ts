// How an amphora shares its work with others, and which part it plays now.

export type Topology = 'SINGLE' | 'ACTIVE-STANDBY' | 'ACTIVE-ACTIVE';
export type Role = 'ACTIVE' | 'STANDBY';

export interface TopologyState {
  readonly topology: Topology;
  readonly role: Role;
  /** The address that moves between the two of a pair; '' without one. */
  readonly haIp: string;
  readonly inTransition: boolean;
}
