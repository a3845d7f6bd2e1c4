// Everything that an operator asks of an amphora at one moment, collected from those who know it. It asks nobody for
// what they know already, and no haproxy that is known not to answer.

import type { HaproxyRoots } from '../haproxy/paths';
import type { Clock } from '../host/clock';
import type { System } from '../host/system';
import { readLvsConfig } from '../keepalived/lvs-config';
import type { AgentStage } from '../model/agent-report';
import { isAgentError } from '../model/errors';
import type { HealthSource } from '../model/health';
import type { LoadBalancerId } from '../model/ids';
import type { Ip } from '../model/ip';
import { createLimiter } from '../model/limiter';
import type { AmphoraStatus, ControllerStatus, TopologyStatus, UdpListenerPicture } from '../model/status';
import type { InterfaceRecords } from '../network/network';
import type { Findings } from './findings';
import type { DrawLoadBalancer } from './load-balancer-picture';
import type { LoadBalancerStatuses } from './load-balancer-status';
import { portOfPlan } from './port-of-plan';
import type { TopologyReader } from './topology';
import type { UdpListeners } from './udp-listeners';
import type { Vrrp } from './vrrp';

/** Collects it. */
export type StatusReader = () => Promise<AmphoraStatus>;

export interface StatusDeps {
  readonly clock: Clock;
  readonly system: Pick<System, 'hostname' | 'processId'>;
  readonly roots: HaproxyRoots;
  readonly version: string;
  readonly amphoraId: string;
  /** Monotonic milliseconds at which the agent was started. */
  readonly startedMs: number;
  readonly stage: () => AgentStage;
  readonly statuses: Pick<LoadBalancerStatuses, 'list'>;
  readonly draw: DrawLoadBalancer;
  readonly udpListeners: Pick<UdpListeners, 'list' | 'config'>;
  readonly udpHealth: HealthSource;
  readonly topology: TopologyReader;
  readonly vrrp: Pick<Vrrp, 'role' | 'isWell'>;
  readonly records: Pick<InterfaceRecords, 'read'>;
  readonly controllers: () => readonly ControllerStatus[];
  readonly heartbeatIntervalS: () => number;
  readonly findings: Pick<Findings, 'all'>;
}

// Each may ask three sockets; hundreds of load balancers must not be asked in one burst.
const atOnce = 16;

/** Makes the reader. */
export function createStatusReader(deps: StatusDeps): StatusReader {
  const limited = createLimiter(atOnce);
  return async () => {
    const [topology, isWell, loadBalancers, udpListeners, recorded, found] = await Promise.all([
      topologyOf(deps),
      deps.vrrp.isWell(),
      deps.statuses
        .list()
        .then((all) => Promise.all(all.map(({ id, status }) => limited(() => deps.draw(id, status))))),
      udpOf(deps),
      deps.records.read(),
      deps.findings.all(),
    ]);
    const errors = found.filter(({ severity }) => severity === 'error').length;
    const controllers = deps.controllers();
    return {
      agent: agentOf(deps),
      topology,
      heartbeats: {
        intervalS: deps.heartbeatIntervalS(),
        withheld: controllers.length > 0 && !isWell,
        controllers,
      },
      loadBalancers,
      udpListeners,
      interfaces: recorded.interfaces.map(({ mac, wanted }) => ({
        name: wanted.name,
        mac,
        vips: portOfPlan(wanted).vips.map(({ ip }) => ip.text),
        addresses: wanted.addresses.map(({ ip, prefix }) => `${ip.text}/${prefix}`),
      })),
      findings: { errors, warnings: found.length - errors },
    };
  };
}

function agentOf(deps: StatusDeps): AmphoraStatus['agent'] {
  const { version, amphoraId, clock, system } = deps;
  const uptimeMs = clock.monotonic() - deps.startedMs;
  return {
    version,
    pid: system.processId(),
    amphoraId,
    hostname: system.hostname(),
    stage: deps.stage(),
    startedAt: new Date(clock.now() - uptimeMs).toISOString(),
    uptimeS: Math.floor(uptimeMs / 1_000),
  };
}

async function topologyOf({ topology, vrrp }: StatusDeps): Promise<TopologyStatus> {
  const [state, role] = await Promise.all([topology.state(), vrrp.role()]);
  const { isActive, inTransition, haIp } = state;
  return { topology: state.topology, isActive, inTransition, haIp, vrrp: role ?? null };
}

async function udpOf({ udpListeners, udpHealth }: StatusDeps): Promise<readonly UdpListenerPicture[]> {
  const all = await udpListeners.list();
  if (all.length === 0) return [];
  const { listeners, pools } = await udpHealth.sample();
  return Promise.all(
    all.map(async ({ id, type, isRunning }) => {
      const { services, members, poolId = '' } = readLvsConfig(await textOf(udpListeners, id));
      const states = pools.get(poolId)?.members;
      return {
        id,
        type,
        isRunning,
        addresses: services.map(endpointText),
        state: listeners.get(id)?.status ?? null,
        members: members.map(({ id: member = '', endpoint }) => ({
          id: member,
          address: endpoint === undefined ? '' : endpointText(endpoint),
          state: states?.get(member) ?? null,
          sessions: null,
        })),
      };
    }),
  );
}

/** One whose file cannot be read must not hide the others; the findings tell of it. */
async function textOf(udpListeners: StatusDeps['udpListeners'], id: LoadBalancerId): Promise<string> {
  try {
    return await udpListeners.config(id);
  } catch (thrown) {
    if (isAgentError(thrown)) return '';
    throw thrown;
  }
}

function endpointText({ ip, port }: { readonly ip: Ip; readonly port: number }): string {
  return ip.family === 6 ? `[${ip.text}]:${port}` : `${ip.text}:${port}`;
}
