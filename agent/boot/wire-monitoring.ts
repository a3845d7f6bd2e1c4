// Builds what is told to those who watch: metrics, liveness, readiness; and the plain listener that serves nothing else.

import type { Config } from '../config/options';
import type { SocketAddress } from '../config/option';
import { createAgentReadings } from '../core/agent-readings';
import type { AgentConfigs } from '../core/agent-config';
import type { InstanceLock } from '../core/instance-lock';
import { createLoadBalancerReadings } from '../core/load-balancer-readings';
import { createLoadBalancerSamples } from '../core/load-balancer-samples';
import { createLoopLag, type LoopLag } from '../core/loop-lag';
import { createPulse, type Pulse } from '../core/pulse';
import { createMetrics, type Reading, type ReadMetrics } from '../core/metrics';
import { createReadiness, type Readiness, type ReadinessDeps } from '../core/readiness';
import { createStandings, type FindStandings } from '../core/standings';
import { version } from '../generated/version';
import type { HeartbeatFigures, HeartbeatSender } from '../heartbeat/sender';
import type { Connections, Counts } from '../http/connections';
import { createPlainApp } from '../http/plain-app';
import { createPlainServer, type PlainServer } from '../http/plain-server';
import type { DialectRouter, RouteContext } from '../http/route';
import { servedBy, type ObserveRequest } from '../http/served-by';
import type { Vitals } from '../host/vitals';
import { createMonitoring } from '../surfaces/monitoring';
import type { Part } from './lifecycle';
import type { Access } from './wire-access';
import type { Core } from './wire-core';
import type { HostWithLog } from './wire-host';

export interface MonitoringParts {
  readonly core: Core;
  readonly host: HostWithLog & { readonly vitals: Vitals };
  readonly config: Config;
  readonly configs: Pick<AgentConfigs, 'current'>;
  readonly heartbeats: Pick<HeartbeatSender, 'figures'>;
  readonly connections: Pick<Connections, 'counts'>;
  readonly access: Pick<Access, 'dates'>;
  readonly lock: Pick<InstanceLock, 'holds'>;
}

export interface Monitoring {
  /** Counts a request that is over. */
  readonly observe: ObserveRequest;
  /** The router, for any listener. */
  readonly dialect: DialectRouter;
  /** Looks at the event loop, and listens where the configuration says so. */
  readonly part: Part;
  /** Says that what should run was brought up, or tried. */
  restored(): void;
  /** How the agent is, for a service manager. */
  readonly pulse: () => Promise<Pulse>;
  /** Where it listens in plain HTTP; undefined when it does not. */
  readonly listening: () => SocketAddress | undefined;
}

const graceMs = 200;
// Nothing here takes a body.
const limits = { config: 0, pem: 0, json: 0 };

/** Builds it over the core; `context` has the log and the memory for bodies. */
export function wireMonitoring(parts: MonitoringParts, context: Omit<RouteContext, 'limits'>): Monitoring {
  const { core, host, config } = parts;
  const { log, clock } = host;
  const { counters } = core;
  let isRestored = false;
  const lag = createLoopLag(clock, counters);
  const standings = createStandings(core);
  const readiness = createReadiness({
    clock,
    files: host.files,
    basePath: core.roots.basePath,
    lag,
    heartbeats: () => roundsOf(parts),
    isRestored: () => isRestored,
    holdsLock: () => parts.lock.holds(),
    dates: () => parts.access.dates(),
    standings,
    udpFindings: core.udp.findings,
    vrrp: core.pairing.vrrp,
  });
  const metrics = createMetrics({
    clock,
    log,
    counters,
    readers: {
      ...createAgentReadings({
        clock,
        vitals: host.vitals,
        version,
        findings: core.findings.all,
        readiness,
        dates: () => parts.access.dates(),
        vrrp: core.pairing.vrrp,
        udpListeners: core.udp.listeners,
      }),
      'load balancers': loadBalancerReadings(parts, standings),
      connections: () => Promise.resolve(connectionReadings(parts.connections.counts())),
      heartbeats: () => Promise.resolve(heartbeatReadings(parts.heartbeats.figures())),
    },
  });
  const dialect = servedBy('monitoring', createMonitoring({ metrics, readiness }, { ...context, limits }));
  const observe: ObserveRequest = ({ surface, method, status, seconds }) => {
    counters.add('amphorad_requests_total', { surface, method, status });
    counters.observe('amphorad_request_duration_seconds', seconds, { surface });
  };
  const listener = plainListener(config.metrics.bind, () =>
    createPlainServer(createPlainApp({ log, clock, caller: 'metrics', dialects: [dialect], observe })),
  );
  return {
    observe,
    dialect,
    listening: listener.listening,
    pulse: pulseOf(parts, readiness, standings),
    restored: () => void (isRestored = true),
    part: partOf(lag, listener, host),
  };
}

function pulseOf(
  { core, config, lock }: MonitoringParts,
  readiness: Readiness,
  standings: FindStandings,
): Monitoring['pulse'] {
  return createPulse({
    amphoraId: config.amphora_agent.amphora_id,
    readiness,
    holdsLock: () => lock.holds(),
    standings,
    udpListeners: () => core.udp.listeners.ids(),
    udpFindings: core.udp.findings,
  });
}

function loadBalancerReadings(parts: MonitoringParts, standings: FindStandings): ReadMetrics {
  const { core, host } = parts;
  const samples = createLoadBalancerSamples({
    ...host,
    roots: core.roots,
    health: core.health.haproxy,
    oldWorkers: core.oldWorkers,
    intervalMs: () => intervalMsOf(parts),
  });
  return createLoadBalancerReadings({ standings, samples, oldWorkers: core.oldWorkers });
}

function intervalMsOf({ configs }: MonitoringParts): number {
  return configs.current().health_manager.heartbeat_interval * 1_000;
}

function roundsOf(parts: MonitoringParts): ReturnType<ReadinessDeps['heartbeats']> {
  const { lastRoundMs } = parts.heartbeats.figures();
  if (lastRoundMs === undefined) return undefined;
  return { sinceMs: parts.host.clock.monotonic() - lastRoundMs, intervalMs: intervalMsOf(parts) };
}

function connectionReadings({ verified, unverified, refused, evicted }: Counts): readonly Reading[] {
  const open = 'amphorad_connections';
  return [
    { name: open, labels: { client: 'verified' }, value: verified },
    { name: open, labels: { client: 'unverified' }, value: unverified },
    { name: 'amphorad_connections_refused_total', value: refused },
    { name: 'amphorad_connections_evicted_total', value: evicted },
  ];
}

function heartbeatReadings({
  sent,
  failed,
  bytes,
  step,
  poolsLeftOut,
}: HeartbeatFigures): readonly Reading[] {
  const all = 'amphorad_heartbeats_total';
  return [
    { name: all, labels: { result: 'sent' }, value: sent },
    { name: all, labels: { result: 'failed' }, value: failed },
    { name: 'amphorad_heartbeat_bytes_total', value: bytes },
    { name: 'amphorad_heartbeat_size_step', value: step },
    { name: 'amphorad_heartbeat_pools_left_out', value: poolsLeftOut },
  ];
}

interface PlainListener {
  listen(): Promise<void>;
  stop(): Promise<void>;
  readonly listening: Monitoring['listening'];
}

/** An agent without such a listener makes no server for it. */
function plainListener(bind: SocketAddress | undefined, makeServer: () => PlainServer): PlainListener {
  let server: PlainServer | undefined;
  let bound: SocketAddress | undefined;
  return {
    listening: () => bound,
    async listen() {
      if (bind === undefined) return;
      const { address, port, zone } = bind;
      server = makeServer();
      bound = {
        ...bind,
        port: await server.listen(zone === undefined ? address : `${address}%${zone}`, port),
      };
    },
    stop: async () => server?.stop(graceMs),
  };
}

function partOf(lag: LoopLag, listener: PlainListener, { log }: HostWithLog): Part {
  const aborter = new AbortController();
  return {
    name: 'monitoring',
    stopMs: graceMs + 300,
    async start() {
      lag.start(aborter.signal);
      await listener.listen();
      const at = listener.listening();
      if (at !== undefined) log.info('metrics listener', { address: at.address, port: at.port });
    },
    async stop() {
      aborter.abort();
      await listener.stop();
    },
  };
}
