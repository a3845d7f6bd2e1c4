// One running agent: built from a checked configuration, started in order, stopped in reverse. Used by the daemon
// and, in the same process, by tests and harnesses.

import type { SocketAddress } from '../config/option';
import type { Config } from '../config/options';
import type { AgentConfigs } from '../core/agent-config';
import type { ReadAuthorities } from '../core/client-trust';
import type { InstanceLock } from '../core/instance-lock';
import type { PackageVersions } from '../core/packages';
import type { Pulse } from '../core/pulse';
import { refuseNewerStates, restoreLoadBalancers } from '../core/restore';
import { checkPathLengths } from '../haproxy/paths';
import { createDispatches } from '../heartbeat/dispatches';
import type { DialectRouter, RouteContext } from '../http/route';
import { isAgentError } from '../model/errors';
import { createLifecycle, type Lifecycle, type Part } from './lifecycle';
import { background, children, watching } from './parts';
import { wireAccess } from './wire-access';
import { followConfig } from './wire-config';
import { settleProcessManager } from './process-manager';
import { loadTemplates, requireUsable, type LoadedTemplates } from './templates';
import { wireCore, type Core } from './wire-core';
import { wireDoors } from './wire-doors';
import type { AgentHost, HostWithLog } from './wire-host';
import { wireLocal, type LocalSocket } from './wire-local';

export interface Agent {
  readonly address: string;
  /** The port in fact bound. */
  readonly port: number;
  /** Where the runtime API has a listener of its own; undefined when it has none. */
  readonly runtimeApi: { readonly address: string; readonly port: number } | undefined;
  /** Where it serves metrics in plain HTTP; undefined when it does not. */
  readonly metrics?: SocketAddress | undefined;
  /** How it is, for a service manager. */
  pulse(): Promise<Pulse>;
  /** Reads the server certificate, the client CA and the revocation lists again (SIGHUP). */
  rereadCertificates(): Promise<void>;
  /** Ends the agent within 2 s; haproxy goes on, unless children are to be stopped. */
  stop(): Promise<void>;
}

export interface AgentOptions {
  readonly stopChildren: boolean;
  /** The configuration while the agent runs. */
  readonly configs: AgentConfigs;
  /** How long after its start the first heartbeat is sent, in milliseconds: many agents in one process spread theirs. Default 0. */
  readonly heartbeatAfterMs?: number;
  /** Reads the certificates of authorities; agents in one process share what they read. Default: each reads its own. */
  readonly readAuthorities?: ReadAuthorities;
  /** The versions of the packages on this machine; agents in one process share one reader. Default: its own. */
  readonly packages?: PackageVersions;
  /** What else is served beside the dialects, before them. */
  readonly furtherDialects?: (context: RouteContext) => readonly DialectRouter[];
}

/** Starts an agent. Throws `invalid-input` for material that cannot be used, `already-exists` when another agent has the base_path, `precondition` or `unavailable` for a machine that is in the way; nothing then runs. */
export async function startAgent(
  given: Config,
  ground: HostWithLog & AgentHost,
  options: AgentOptions,
): Promise<Agent> {
  const config = await settleProcessManager(given, ground);
  const loaded = await loadTemplates(config.amphorad.template_dir, ground.files);
  const templates = requireUsable(loaded);
  tellTemplates(loaded, ground);
  const core = wireCore(config, ground, options.configs, { ...options, templates });
  const host = { ...ground, sockets: core.sockets };
  const { basePath } = core.roots;
  checkPathLengths(core.roots);
  await prepareDirectories(core, host);
  const dispatches = createDispatches(host.udp, host.clock);
  const local = wireLocal(config, host, core, options.configs, dispatches);
  const lock = await local.open();
  try {
    local.at('it reads what is on disk');
    await refuseNewerStates({ files: host.files, basePath, state: core.state });
    await core.pairing.prepare();
    local.at('it brings back the network');
    // First: haproxy and keepalived stand on the namespace and its addresses.
    await core.networkRestore.restore();
    local.at('it looks at what a former agent left');
    await core.udp.listeners.prepare();
    await core.reconcile();
    await core.companions.install();
    local.at('it brings back load balancers');
    const agent = await startParts(config, { ...host, udp: dispatches.udp }, options, core, lock, local);
    local.enter('running');
    return agent;
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

function tellTemplates({ report }: LoadedTemplates, { log }: HostWithLog): void {
  const { overridden, unknown } = report;
  if (overridden.length > 0) log.info('templates in place of those built in', { files: overridden });
  if (unknown.length > 0) log.warning('no templates have these names', { files: unknown });
}

async function startParts(
  config: Config,
  host: HostWithLog & AgentHost,
  options: AgentOptions,
  core: Core,
  lock: InstanceLock,
  local: LocalSocket,
): Promise<Agent> {
  const access = wireAccess(config, host, () => doors.server, options.readAuthorities);
  const { serverCertificate } = access;
  const material = await serverCertificate.load();
  const doors = await wireDoors({ config, host, options, core, lock, local, access, material });
  const { heartbeats, monitoring, runtime, rest } = doors;
  followConfig(options.configs, access, core.findings);
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
    pulse: monitoring.pulse,
    rereadCertificates: () => serverCertificate.reread(),
    stop: () => {
      local.enter('stopping');
      return lifecycle.stop();
    },
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

/** The exit status for what kept an agent from starting: 78 (EX_CONFIG) for its configuration, 75 (EX_TEMPFAIL) for another agent, else 1. */
export function exitStatusOf(thrown: unknown): number {
  if (isAgentError(thrown, 'invalid-input')) return 78;
  return isAgentError(thrown, 'already-exists') ? 75 : 1;
}
