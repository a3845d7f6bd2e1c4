// Builds the core over the trades: verbs and readers, handed down by constructor. Nothing here does I/O.

import type { Config } from '../config/options';
import type { AgentConfigs } from '../core/agent-config';
import { createCertificates, type Certificates } from '../core/certificates';
import { countLoadBalancers, countUdpListeners } from '../core/counted-verbs';
import { createCounters, type Counters } from '../core/counters';
import { createFindings, type Findings } from '../core/findings';
import { createGate } from '../core/gate';
import type { LoadBalancers } from '../core/load-balancers';
import { createLoadBalancerStatuses, type LoadBalancerStatuses } from '../core/load-balancer-status';
import type { OldWorkers } from '../core/old-workers';
import { createOwnedFiles } from '../core/owned-files';
import type { PackageVersions } from '../core/packages';
import { reconcile } from '../core/reconcile';
import { cacheStates } from '../core/state-cache';
import { createStoredFrontends, type StoredFrontends } from '../core/stored-frontends';
import { createStateStore, type StateStore } from '../core/state-store';
import { createSurvey } from '../core/survey';
import { createProcessSurvey } from '../core/survey-processes';
import type { LastingServers } from '../core/runtime/lasting-servers';
import type { TopologyReader } from '../core/topology';
import type { Watcher } from '../core/watcher';
import { createInheritedGroups } from '../haproxy/inherited';
import type { HaproxyRoots } from '../haproxy/paths';
import type { Files } from '../host/files';
import type { UnixSockets } from '../host/sockets';
import type { LoadBalancerId } from '../model/ids';
import type { Templates } from '../model/template';
import { builtInTemplates } from './built-in-templates';
import { wireCompanions, type Companions } from './wire-companions';
import { wireDrivers } from './wire-drivers';
import { wireFacts, type Facts } from './wire-facts';
import { wireHealth, type Health } from './wire-heartbeat';
import { wireLoadBalancers } from './wire-load-balancers';
import { wirePlug, type PlugParts } from './wire-plug';
import type { HostWithLog } from './wire-host';
import { wireTopology, type Pairing } from './wire-topology';
import { wireUdp, type Udp } from './wire-udp';

/** The part of the configuration's holder that the core is built on. */
export type ConfigInForce = Pick<AgentConfigs, 'path' | 'current'>;

export interface Core extends Facts, PlugParts {
  readonly counters: Counters;
  readonly roots: HaproxyRoots;
  /** Which reach the haproxies of every load balancer, whoever started them. */
  readonly sockets: UnixSockets;
  readonly health: Health;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
  readonly oldWorkers: OldWorkers;
  readonly statuses: LoadBalancerStatuses;
  readonly frontends: StoredFrontends;
  readonly watcher: Watcher;
  readonly lastingServers: LastingServers;
  readonly companions: Companions;
  readonly certificates: Certificates;
  /** Deals with what a killed agent left; before anything is restored. */
  readonly reconcile: () => Promise<void>;
  readonly udp: Udp;
  readonly pairing: Pairing;
  readonly topology: TopologyReader;
  /** What all parts find now. */
  readonly findings: Findings;
}

/** What need not be each agent's own. */
export interface CoreGround {
  /** Default: read from this machine. */
  readonly packages?: PackageVersions;
  /** Default: those built in. */
  readonly templates?: Templates;
}

/** Builds the core from a checked configuration; `configs` knows what of it changes while the agent runs. */
export function wireCore(
  config: Config,
  given: HostWithLog,
  configs: ConfigInForce = { path: undefined, current: () => config },
  { packages, templates = builtInTemplates }: CoreGround = {},
): Core {
  const { ground, host } = hostsFrom(config, given);
  const drivers = wireDrivers(config, ground, configs.current, templates);
  const { roots, haproxy } = drivers;
  const { files, clock, system, sockets } = host;
  const state = cacheStates(createStateStore(files, roots), files, roots);
  const gate = createGate<LoadBalancerId>();
  const companions = wireCompanions(host, drivers);
  const health = wireHealth(host, roots, configs, () => loadBalancers.ids());
  const counters = createCounters();
  const counted = { counters, clock };
  const parts = { config, host, drivers, state, gate, companions, counters, lastSample: health.lastSample };
  const { loadBalancers, oldWorkers, watcher, keptServers, lastingServers } = wireLoadBalancers(parts);
  const frontends = createStoredFrontends({ files, roots, loadBalancers });
  const status = { frontends, roots, state, loadBalancers, watcher, haproxy, sockets };
  const statuses = createLoadBalancerStatuses(status);
  const udp = wireUdp(config, host, drivers, counters);
  const facts = wireFacts(config, host, drivers, statuses, packages);
  const topology = { state: async () => ({ topology: await pairing.topology.followed() }) };
  const ports = wirePlug(config, host, { ...drivers, ...facts, topology });
  const { listeners } = udp;
  const { pluggedPorts: plugged } = ports;
  const pairing = wireTopology({ ...parts, configs, loadBalancers, udpListeners: listeners, plugged });
  return {
    counters,
    roots,
    sockets,
    health,
    state,
    loadBalancers: countLoadBalancers(pairing.checks.over(loadBalancers), counted),
    oldWorkers,
    statuses,
    frontends,
    watcher,
    lastingServers,
    companions,
    certificates: createCertificates({ files, roots, state, gate, loadBalancers }),
    ...facts,
    ...ports,
    reconcile: () => reconcile({ ...host, ...drivers, state, ...knownFrom(config, configs) }),
    udp: { ...udp, listeners: countUdpListeners(pairing.checks.overUdp(listeners), counted) },
    pairing,
    topology: pairing.topology,
    findings: createFindings({
      clock,
      sources: {
        'state-directory': createSurvey({ files: given.files, roots, state, userId: system.userId() }),
        processes: createProcessSurvey({ ...host, ...drivers, state }),
        'runtime servers': async () => keptServers.findings(await loadBalancers.ids()),
        ...sourcesOf({ watcher, oldWorkers, udp, pairing, companions, ...ports }),
      },
    }),
  };
}

type Finders = Pick<Core, 'watcher' | 'oldWorkers' | 'udp' | 'pairing' | 'companions' | 'networkRestore'>;

function sourcesOf({ watcher, oldWorkers, udp, pairing, companions, networkRestore }: Finders) {
  return {
    'haproxy groups': () => watcher.findings(),
    'old workers': () => oldWorkers.findings(),
    'UDP listeners': () => udp.findings(),
    VRRP: () => pairing.findings(),
    companions: companions.findings,
    network: () => networkRestore.findings(),
  };
}

/** Files that are replaced while the agent runs, and the usual name of this amphora among its peers. */
function knownFrom({ amphora_agent }: Config, { path }: ConfigInForce) {
  return {
    replaced: [amphora_agent.agent_server_cert, ...(path === undefined ? [] : [path])],
    usualPeer: amphora_agent.amphora_id,
  };
}

/** The host as the trades see it, and as the core does: through whoever has started a group. */
function hostsFrom(config: Config, given: HostWithLog) {
  const inherited = createInheritedGroups();
  const owned = { ...given, files: ownedFiles(config, given) };
  return {
    ground: { ...owned, systemFiles: given.files, inherited },
    host: { ...owned, sockets: inherited.over(given.sockets) },
  };
}

/** Below its own directories the core follows no link and reads no other user's file. */
function ownedFiles({ haproxy_amphora, amphorad }: Config, { files, system }: HostWithLog): Files {
  const { base_path: basePath, base_cert_dir: certDir } = haproxy_amphora;
  return createOwnedFiles({
    files,
    roots: [basePath, certDir, amphorad.runtime_dir],
    userId: system.userId(),
  });
}
