// How everything on an amphora is at one moment, as its operator is told: GET /status of the local socket and
// `amphorad status --json`. The schema is surfaces/local/status-schema.ts. Names once given stay; more may be added.

import type { AgentStage } from './agent-report';
import type { ListenerType, LoadBalancerStatus } from './load-balancer';
import type { Topology } from './topology';

export interface AmphoraStatus {
  readonly agent: AgentStatus;
  readonly topology: TopologyStatus;
  readonly heartbeats: HeartbeatStatus;
  readonly loadBalancers: readonly LoadBalancerPicture[];
  readonly udpListeners: readonly UdpListenerPicture[];
  /** What is plugged, as recorded. */
  readonly interfaces: readonly InterfacePicture[];
  readonly findings: { readonly errors: number; readonly warnings: number };
}

export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly amphoraId: string;
  readonly hostname: string;
  readonly stage: AgentStage;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly uptimeS: number;
}

export interface TopologyStatus {
  readonly topology: Topology;
  readonly isActive: boolean;
  readonly inTransition: boolean;
  /** What keepalived reports; null without one, or while it says nothing. */
  readonly vrrp: 'MASTER' | 'BACKUP' | 'FAULT' | null;
  /** The address that moves between the two of a pair; '' without one. */
  readonly haIp: string;
}

export interface HeartbeatStatus {
  readonly intervalS: number;
  /** True: keepalived is configured and does not run, so nothing is sent. */
  readonly withheld: boolean;
  readonly controllers: readonly ControllerStatus[];
}

export interface ControllerStatus {
  /** `address:port`. */
  readonly name: string;
  readonly sent: number;
  /** Seconds since the last one was sent; null: none yet. */
  readonly lastSentS: number | null;
  /** Why the last one was not sent; null: it was. */
  readonly error: string | null;
}

export interface LoadBalancerPicture {
  readonly id: string;
  readonly state: LoadBalancerStatus;
  /** The dialect that has it; null where its record cannot be read. */
  readonly owner: string | null;
  readonly desired: 'running' | 'stopped' | 'removed' | null;
  /** Of the master; null while none answers. So are the others that it tells. */
  readonly pid: number | null;
  readonly uptimeS: number | null;
  readonly reloads: number | null;
  /** An older configuration than the stored one runs. */
  readonly isOlder: boolean;
  readonly oldWorkers: readonly OldWorkerPicture[];
  readonly listeners: readonly ListenerPicture[];
  readonly pools: readonly PoolPicture[];
}

export interface OldWorkerPicture {
  readonly pid: number;
  readonly ageS: number;
  /** Null: it does not tell. */
  readonly sessions: number | null;
}

export interface ListenerPicture {
  readonly id: string;
  readonly type: ListenerType;
  /** As its configuration words them. */
  readonly addresses: readonly string[];
  /** haproxy's word; null while it does not answer. */
  readonly state: string | null;
  readonly sessions: number | null;
}

export interface PoolPicture {
  readonly id: string;
  readonly state: string | null;
  readonly sessions: number | null;
  readonly members: readonly MemberPicture[];
}

export interface MemberPicture {
  readonly id: string;
  readonly address: string;
  /** haproxy's word; null while it does not answer. */
  readonly state: string | null;
  readonly sessions: number | null;
}

export interface UdpListenerPicture {
  readonly id: string;
  readonly type: 'UDP' | 'SCTP';
  readonly isRunning: boolean;
  readonly addresses: readonly string[];
  /** As heartbeats tell it; null while it does not run. */
  readonly state: string | null;
  readonly members: readonly MemberPicture[];
}

export interface InterfacePicture {
  readonly name: string;
  readonly mac: string;
  readonly vips: readonly string[];
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
}

/** Tells whether something is wrong with the amphora itself; members that are down are their tenants' matter. */
export function isAmiss({ loadBalancers, udpListeners, heartbeats, findings }: AmphoraStatus): boolean {
  return (
    findings.errors > 0 ||
    heartbeats.withheld ||
    heartbeats.controllers.some(({ error }) => error !== null) ||
    loadBalancers.some(({ state, isOlder }) => state === 'error' || isOlder) ||
    udpListeners.some(({ isRunning }) => !isRunning)
  );
}
