// What the kernel's table means for one listener, its pool and its members: keepalived takes a member out of the table
// when its check fails, so that one that is missing is down. Pure. Source: contract/heartbeat.md, Octavia's health rows
// for LVS.

import type { ListenerSample, PoolSample } from '../model/health';
import { memberKey, serviceKey, type KernelMember, type KernelTable, type ServiceTraffic } from './ipvs';
import type { LvsConfig, LvsMember } from './lvs-config';

/** What is known of a listener whose keepalived runs. */
export interface LvsObservation {
  readonly config: LvsConfig;
  readonly table: KernelTable;
  /** An upload waits for its activation: what the table lacks is not known to be down. */
  readonly isRestarting: boolean;
}

/** Sums up a listener over its addresses; `traffic` is undefined while nobody tells it. */
export function lvsListenerSample(
  { config, table }: Pick<LvsObservation, 'config' | 'table'>,
  traffic: ReadonlyMap<string, ServiceTraffic> | undefined,
): ListenerSample {
  const keys = config.services.map((service) => serviceKey(config.protocol, service));
  const served = traffic && keys.flatMap((key) => traffic.get(key) ?? []);
  const members = keys.flatMap((key) => [...(table.get(key)?.values() ?? [])]);
  return {
    status: 'OPEN',
    current: sum(members.map(({ active }) => active)),
    counters: served && {
      bytesIn: sum(served.map(({ bytesIn }) => bytesIn)),
      bytesOut: sum(served.map(({ bytesOut }) => bytesOut)),
      connections: sum(served.map(({ connections }) => connections)),
      // Datagrams cannot be wrong.
      requestErrors: 0,
    },
  };
}

/** What is to be said of the listener's pool; undefined when it has none. */
export function lvsPoolSample(observation: LvsObservation): PoolSample | undefined {
  const { config, table } = observation;
  if (config.poolId === undefined) return undefined;
  const known = new Map<string, KernelMember>();
  for (const service of config.services) {
    for (const [key, member] of table.get(serviceKey(config.protocol, service)) ?? []) known.set(key, member);
  }
  const members = new Map(
    config.members.flatMap((member) =>
      member.id === undefined ? [] : [[member.id, memberStatus(observation, member, known)] as const],
    ),
  );
  const isDown = config.members.length > 0 && known.size === 0 && config.hasChecks;
  return { status: isDown ? 'DOWN' : 'UP', members };
}

function memberStatus(
  { config, isRestarting }: LvsObservation,
  { endpoint }: LvsMember,
  known: ReadonlyMap<string, KernelMember>,
): string {
  if (endpoint === undefined) return 'MAINT';
  const found = known.get(memberKey(endpoint));
  if (found?.weight === 0) return 'DRAIN';
  if (found !== undefined) return config.hasChecks ? 'UP' : 'no check';
  if (known.size === 0 && !config.hasChecks) return 'no check';
  return isRestarting ? 'RESTARTING' : 'DOWN';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
