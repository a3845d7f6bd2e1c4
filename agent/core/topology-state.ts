// The topology in force as it is told: roles as VRRP reports them, not as they were wished. Pure. Source:
// contract/amphora-v0.1.md "Topology", "Info and details".

import type { Pair, Topology, TopologyState } from '../model/topology';
import type { VrrpState as VrrpRole } from '../model/vrrp';
import type { TopologyRecord } from './topology-store';

export interface TopologyFacts {
  readonly record: TopologyRecord;
  readonly isBusy: boolean;
  readonly configured: 'SINGLE' | 'ACTIVE_STANDBY';
  /** What keepalived reports; undefined when it reports nothing. */
  readonly role: VrrpRole | undefined;
}

/** Describes it. Without keepalived a half of a pair holds no VIP, so it stands by. */
export function describeTopology({ record, isBusy, configured, role }: TopologyFacts): TopologyState {
  const { settled, error } = record;
  const topology = topologyInForce(record, configured);
  const isActive = topology !== 'ACTIVE-STANDBY' || role === 'MASTER';
  const pair = settled?.topology === 'ACTIVE-STANDBY' ? settled : undefined;
  return {
    topology,
    role: isActive ? 'ACTIVE' : 'STANDBY',
    isActive,
    haIp: pair?.haIp ?? '',
    inTransition: isBusy,
    ...(error === undefined ? {} : { error }),
    ...(pair === undefined ? {} : { note: noteOf(pair) }),
  };
}

/** What was posted last, else what the configuration says. */
function topologyInForce({ settled }: TopologyRecord, configured: TopologyFacts['configured']): Topology {
  return settled?.topology ?? (configured === 'SINGLE' ? 'SINGLE' : 'ACTIVE-STANDBY');
}

/** What the network of this machine is to follow: where a transition leads, else the topology in force. Where keepalived has an uploaded configuration a posted topology cannot take its VIPs from it: a pair by agent.conf stays one. */
export function followedTopology(
  record: TopologyRecord,
  configured: TopologyFacts['configured'],
  isUploaded: boolean,
): Topology {
  if (isUploaded && configured === 'ACTIVE_STANDBY') return 'ACTIVE-STANDBY';
  return record.next?.topology ?? topologyInForce(record, configured);
}

function noteOf({ haIp, advertIntervalS = 1 }: Pair): string {
  const isVersion3 = haIp.includes(':') || !Number.isInteger(advertIntervalS);
  return isVersion3
    ? 'the secret has no effect: VRRP version 3 (IPv6, fractions of a second between advertisements) has no authentication'
    : 'the secret is no security: VRRP sends what is made of it in the clear';
}
