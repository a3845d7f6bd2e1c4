// Builds what commands on this machine speak to: HTTP on `<base>/agent.sock`, open from the taking of the lock on. While
// the agent starts it tells what it is at, and nothing else is answered.

import type { Config } from '../config/options';
import type { AgentConfigs } from '../core/agent-config';
import { takeInstanceLock, type InstanceLock } from '../core/instance-lock';
import { createDrawLoadBalancer } from '../core/load-balancer-picture';
import { createStatusReader } from '../core/status';
import { version } from '../generated/version';
import type { Dispatches } from '../heartbeat/dispatches';
import { onFirstRequest } from '../http/on-first-request';
import { createPlainApp } from '../http/plain-app';
import { createPlainServer } from '../http/plain-server';
import { json, type Reply } from '../http/reply';
import type { DialectRouter } from '../http/route';
import { createUploads } from '../http/uploads';
import type { AgentStage } from '../model/agent-report';
import { createInterfaceReader } from '../network/persist';
import { createLocalSurface } from '../surfaces/local';
import type { Core } from './wire-core';
import type { AgentHost, HostWithLog } from './wire-host';

export interface LocalSocket {
  /** Takes the lock of the base_path and listens; its release ends both. */
  open(): Promise<InstanceLock>;
  /** Says what the agent is at while it starts. */
  at(step: string): void;
  enter(stage: AgentStage): void;
  /** Serves one other dialect beside its own. */
  mount(dialect: DialectRouter): void;
}

type Parts = HostWithLog & AgentHost;

// Within what the lifecycle gives the lock.
const graceMs = 100;
const longestJson = 1024 * 1024;

/** Builds it; nothing listens yet. */
export function wireLocal(
  config: Config,
  host: Parts,
  core: Core,
  configs: AgentConfigs,
  dispatches: Dispatches,
): LocalSocket {
  let stage: AgentStage = 'starting';
  let step = 'it has just begun';
  const pid = host.system.processId();
  const identity = {
    pid,
    version,
    amphoraId: config.amphora_agent.amphora_id,
    startedAt: new Date(host.clock.now()).toISOString(),
  };
  const limits = { config: longestJson, pem: longestJson, json: longestJson };
  const context = { limits, log: host.log, uploads: createUploads(host.clock, 4 * longestJson) };
  const report = async () => ({
    ...identity,
    stage,
    ...(stage === 'starting' ? { step } : {}),
    findings: await core.findings.all(),
  });
  const status = wireStatus(config, host, core, configs, dispatches, () => stage);
  let mounted: DialectRouter | undefined;
  const app = onFirstRequest(() =>
    createPlainApp({
      ...host,
      caller: 'local',
      dialects: [
        createLocalSurface({ report, status }, context),
        async (request, response, next) =>
          mounted === undefined ? next() : mounted(request, response, next),
      ],
      refuse: ({ url }) => (stage === 'running' || url === '/report' ? undefined : notYet(stage, step)),
    }),
  );
  const server = createPlainServer(app);
  return {
    async open() {
      const { basePath } = core.roots;
      const lock = await takeInstanceLock({ ...host, basePath, pid, take: (each) => server.take(each) });
      return {
        ...lock,
        async release() {
          await Promise.all([lock.release(), server.stop(graceMs)]);
        },
      };
    },
    at: (next) => void (step = next),
    enter: (next) => void (stage = next),
    mount: (dialect) => void (mounted = dialect),
  };
}

function notYet(stage: AgentStage, step: string): Reply {
  const details = stage === 'starting' ? { details: step } : {};
  return json(503, { kind: 'unavailable', message: `The agent is ${stage}`, ...details });
}

function wireStatus(
  config: Config,
  host: Parts,
  core: Core,
  configs: AgentConfigs,
  dispatches: Dispatches,
  stage: () => AgentStage,
) {
  const options = () => configs.current().health_manager;
  return createStatusReader({
    ...host,
    ...core,
    version,
    stage,
    amphoraId: config.amphora_agent.amphora_id,
    startedMs: host.clock.monotonic(),
    draw: createDrawLoadBalancer({ ...host, ...core }),
    udpListeners: core.udp.listeners,
    udpHealth: core.udp.health,
    vrrp: core.pairing.vrrp,
    records: createInterfaceReader({
      files: host.files,
      basePath: core.roots.basePath,
      networkDirectory: config.amphora_agent.agent_server_network_dir,
    }),
    controllers: () => dispatches.of(options().controller_ip_port_list),
    heartbeatIntervalS: () => options().heartbeat_interval,
  });
}
