// One running agent: built from a checked configuration, started in order, stopped in reverse. Used by the daemon
// and, in the same process, by tests and harnesses.

import type { SocketAddress } from '../config/option';
import type { Config } from '../config/options';
import type { AgentConfigs } from '../core/agent-config';
import { takeInstanceLock, type InstanceLock } from '../core/instance-lock';
import { refuseNewerStates, restoreLoadBalancers } from '../core/restore';
import { version } from '../generated/version';
import { checkPathLengths } from '../haproxy/paths';
import { affordableCaps } from '../http/affordable';
import { createApp } from '../http/app';
import type { Caps } from '../http/cap-record';
import { createConnections } from '../http/connections';
import { createAgentServer, type AgentServer, type ServerOptions } from '../http/server';
import { isAgentError } from '../model/errors';
import { createLifecycle, type Lifecycle, type Part } from './lifecycle';
import { background, children, watching } from './parts';
import { routeContext } from './route-context';
import { wireAccess } from './wire-access';
import { followConfig } from './wire-config';
import { settleProcessManager } from './process-manager';
import { wireCore, type Core } from './wire-core';
import { wireHeartbeat } from './wire-heartbeat';
import { wireMonitoring } from './wire-monitoring';
import { wireDialects } from './wire-dialects';
import { createCatalogue } from './wire-openapi';
import { wireRuntime } from './wire-runtime';
import type { AgentHost, HostWithLog } from './wire-host';

export interface Agent {
  readonly address: string;
  /** The port in fact bound. */
  readonly port: number;
  /** Where the runtime API has a listener of its own; undefined when it has none. */
  readonly runtimeApi: { readonly address: string; readonly port: number } | undefined;
  /** Where it serves metrics in plain HTTP; undefined when it does not. */
  readonly metrics?: SocketAddress | undefined;
  /** Reads the server certificate, the client CA and the revocation lists again (SIGHUP). */
  rereadCertificates(): Promise<void>;
  /** Ends the agent within 2 s; haproxy goes on, unless children are to be stopped. */
  stop(): Promise<void>;
}

export interface AgentOptions {
  readonly stopChildren: boolean;
  /** The configuration while the agent runs. */
  readonly configs: AgentConfigs;
}

const answerGraceMs = 1_000;

/** Starts an agent. Throws `invalid-input` for material that cannot be used, `already-exists` when another agent has the base_path, `precondition` or `unavailable` for a machine that is in the way; nothing then runs. */
export async function startAgent(
  given: Config,
  host: HostWithLog & AgentHost,
  options: AgentOptions,
): Promise<Agent> {
  const config = await settleProcessManager(given, host);
  const core = wireCore(config, host, options.configs);
  const { basePath } = core.roots;
  checkPathLengths(core.roots);
  await prepareDirectories(core, host);
  const startedAt = new Date(host.clock.now()).toISOString();
  const { amphora_id: amphoraId } = config.amphora_agent;
  const lock = await takeInstanceLock({
    ...host,
    basePath,
    pid: host.system.processId(),
    report: async () => ({ version, amphoraId, startedAt, findings: await core.findings.all() }),
  });
  try {
    await refuseNewerStates({ files: host.files, basePath, state: core.state });
    await core.pairing.prepare();
    // First: haproxy and keepalived stand on the namespace and its addresses.
    await core.networkRestore.restore();
    await core.udp.listeners.prepare();
    await core.reconcile();
    await core.companions.install();
    return await startParts(config, host, options, core, lock);
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

async function startParts(
  config: Config,
  host: HostWithLog & AgentHost,
  options: AgentOptions,
  core: Core,
  lock: InstanceLock,
): Promise<Agent> {
  const access = wireAccess(config, host, () => server);
  const { serverCertificate } = access;
  const material = await serverCertificate.load();
  const connections = createConnections({ ...host, ...(await affordableCaps(capsOf(config), host)) });
  core.findings.add('clients', () => access.findings());
  core.findings.add('connections', () => connections.findings());
  const runtime = await wireRuntime(config, core, host);
  core.findings.add('runtime API', runtime.findings);
  const heartbeats = wireHeartbeat(core, host, options.configs);
  const catalogue = createCatalogue();
  const context = { ...routeContext(options.configs, core, host), mounted: catalogue.mounted };
  const monitoring = wireMonitoring(
    { core, host, config, configs: options.configs, heartbeats, connections, access, lock },
    context,
  );
  const listener = createApp({
    ...host,
    connections,
    identify: access.identify,
    observe: monitoring.observe,
    dialects: wireDialects(
      { core, configs: options.configs, serverCertificate, monitoring, runtime, catalogue },
      context,
    ),
  });
  const server = createAgentServer({
    ...(await serverOptions(config, host)),
    ...host,
    connections,
    material,
    listener,
    admits: access.admits,
    qualifies: access.qualifies,
  });
  followConfig(options.configs, access, core.findings);
  const rest = restPart(server);
  const lifecycle = createLifecycle(host, [
    { name: 'instance lock', stopMs: 200, start: () => Promise.resolve(), stop: () => lock.release() },
    core.companions.part(options.stopChildren),
    ...children(core, options.stopChildren),
    background(core, host, access),
    watching(core),
    ...onTheNetwork(core, options),
    heartbeats,
    ...runtime.parts,
    monitoring.part,
    rest,
    runtime.streams,
  ]);
  await bringUp(lifecycle, () => restore(core, host));
  monitoring.restored();
  return {
    ...rest.bound(),
    metrics: monitoring.listening(),
    runtimeApi: runtime.bound(),
    rereadCertificates: () => serverCertificate.reread(),
    stop: () => lifecycle.stop(),
  };
}

function restPart(server: AgentServer): Part & { readonly bound: () => Pick<Agent, 'address' | 'port'> } {
  let bound = { address: '', port: 0 };
  return {
    name: 'REST listener',
    stopMs: answerGraceMs + 500,
    start: async () => {
      bound = await server.listen();
    },
    stop: () => server.stop(answerGraceMs),
    bound: () => bound,
  };
}

async function bringUp(lifecycle: Lifecycle, restoreAll: () => Promise<void>): Promise<void> {
  await lifecycle.start();
  try {
    await restoreAll();
  } catch (thrown) {
    await lifecycle.stop();
    throw thrown;
  }
}

function onTheNetwork(core: Core, options: AgentOptions): readonly Part[] {
  return [core.udp.part(options), core.pairing.part(options)];
}

async function serverOptions(
  { haproxy_amphora, amphora_agent, amphorad }: Config,
  host: HostWithLog,
): Promise<
  Omit<ServerOptions, 'material' | 'listener' | 'connections' | 'log' | 'clock' | 'admits' | 'qualifies'>
> {
  return {
    host: await bindHost(haproxy_amphora.bind_host, host),
    port: haproxy_amphora.bind_port,
    minVersion: amphora_agent.agent_tls_protocol,
    clientAuthFailure: amphorad.client_auth_failure,
    requestTimeoutMs: amphora_agent.agent_request_read_timeout * 1_000,
  };
}

function capsOf({ amphorad }: Config): Caps {
  return { most: amphorad.max_connections, mostPerClient: amphorad.max_connections_per_client };
}

async function restore(core: Core, { files, log }: HostWithLog): Promise<void> {
  const [report] = await Promise.all([
    restoreLoadBalancers({ files, log, basePath: core.roots.basePath, ...core }),
    core.udp.restore(),
  ]);
  log.info('load balancers restored', {
    adopted: report.adopted.length,
    started: report.started.length,
    failed: report.failed,
  });
  await core.pairing.restore();
  await core.companions.start();
}

async function prepareDirectories({ roots }: Core, { files }: HostWithLog): Promise<void> {
  for (const path of new Set([roots.basePath, roots.runtimeDir])) {
    // An existing one keeps its mode: controllers' images choose it.
    if ((await files.stat(path)) === undefined) await files.makeDirectory(path, 0o755);
  }
}

/** On a kernel without IPv6, `::` cannot be bound and means all of IPv4. */
async function bindHost(wanted: string, { files, log }: HostWithLog): Promise<string> {
  if (wanted !== '::' || (await files.readHostText('/proc/net/if_inet6')) !== undefined) return wanted;
  log.warning('this kernel has no IPv6: listening on 0.0.0.0 instead of ::');
  return '0.0.0.0';
}

/** The exit status for what kept an agent from starting: 78 (EX_CONFIG) for its configuration, 75 (EX_TEMPFAIL) for another agent, else 1. */
export function exitStatusOf(thrown: unknown): number {
  if (isAgentError(thrown, 'invalid-input')) return 78;
  return isAgentError(thrown, 'already-exists') ? 75 : 1;
}
