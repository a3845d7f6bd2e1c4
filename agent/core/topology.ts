// The topology in force: what the configuration says, as long as nobody has posted another. Without keepalived a
// half of a pair holds no VIP, so it stands by. Source: contract/amphora-v0.1.md "Topology".

import type { TopologyState } from '../model/topology';

export interface TopologyReader {
  state(): TopologyState;
}

/** Makes the reader from agent.conf's `loadbalancer_topology`, which may change while the agent runs. */
export function createTopologyReader(configured: () => 'SINGLE' | 'ACTIVE_STANDBY'): TopologyReader {
  return {
    state: () =>
      configured() === 'SINGLE'
        ? { topology: 'SINGLE', role: 'ACTIVE', haIp: '', inTransition: false }
        : { topology: 'ACTIVE-STANDBY', role: 'STANDBY', haIp: '', inTransition: false },
  };
}
