// Builds the core over the trades: verbs and readers, handed down by constructor. Nothing here does I/O.

import type { Config } from '../config/options';
import { createCertificates, type Certificates } from '../core/certificates';
import { createDetails, type Details } from '../core/details';
import { createFindings, type Findings } from '../core/findings';
import { createGate } from '../core/gate';
import type { LoadBalancers } from '../core/load-balancers';
import { createLoadBalancerStatuses, type LoadBalancerStatuses } from '../core/load-balancer-status';
import type { OldWorkers } from '../core/old-workers';
import { createOwnedFiles } from '../core/owned-files';
import { createPackageVersions } from '../core/packages';
import { createTrafficRates, type TrafficRates } from '../core/rates';
import { reconcile } from '../core/reconcile';
import { cacheStates } from '../core/state-cache';
import { createStateStore, type StateStore } from '../core/state-store';
import { createSurvey } from '../core/survey';
import { createProcessSurvey } from '../core/survey-processes';
import { createTopologyReader, type TopologyReader } from '../core/topology';
import type { Watcher } from '../core/watcher';
import { version } from '../generated/version';
import type { HaproxyRoots } from '../haproxy/paths';
import { createBinaryVersion } from '../haproxy/version';
import type { Files } from '../host/files';
import type { LoadBalancerId } from '../model/ids';
import { parseIp } from '../model/ip';
import { createAddresses } from '../network/addresses';
import { readNamespaceTraffic } from '../network/traffic';
import { wireDrivers, type Drivers } from './wire-drivers';
import { wireHealth, type Health, type HeartbeatConfig } from './wire-heartbeat';
import { wireLoadBalancers } from './wire-load-balancers';
import type { HostWithLog } from './wire-host';

export interface Core {
  readonly roots: HaproxyRoots;
  readonly health: Health;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
  readonly oldWorkers: OldWorkers;
  readonly statuses: LoadBalancerStatuses;
  readonly watcher: Watcher;
  readonly certificates: Certificates;
  readonly details: Details;
  readonly rates: TrafficRates;
  readonly topology: TopologyReader;
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
  /** Deals with what a killed agent left; before anything is restored. */
  readonly reconcile: () => Promise<void>;
  /** What all parts find now. */
  readonly findings: Findings;
}

/** Builds the core from a checked configuration. */
export function wireCore(
  config: Config,
  given: HostWithLog,
  heartbeat: HeartbeatConfig = () => config.health_manager,
): Core {
  const host = { ...given, files: ownedFiles(config, given) };
  const drivers = wireDrivers(config, host);
  const { roots, haproxy, ip, namespace } = drivers;
  const { files, clock, system, sockets } = host;
  const state = cacheStates(createStateStore(files, roots), files, roots);
  const gate = createGate<LoadBalancerId>();
  const health = wireHealth(host, roots, heartbeat, () => loadBalancers.ids());
  const { lastSample } = health;
  const parts = { config, host, drivers, state, gate, lastSample };
  const { loadBalancers, oldWorkers, watcher } = wireLoadBalancers(parts);
  const status = { files, roots, state, loadBalancers, watcher, haproxy, sockets };
  const statuses = createLoadBalancerStatuses(status);
  const addresses = createAddresses(ip);
  const rates = createTrafficRates({
    sample: namespace === '' ? () => system.traffic() : () => readNamespaceTraffic(ip),
    clock,
  });
  return {
    roots,
    health,
    state,
    loadBalancers,
    oldWorkers,
    statuses,
    watcher,
    certificates: createCertificates({ files, roots, state, gate, loadBalancers }),
    details: wireDetails(config, host, drivers, rates, statuses),
    rates,
    topology: createTopologyReader(config.controller_worker.loadbalancer_topology),
    interfaceOf: async (text) => {
      const parsed = parseIp(text);
      return parsed === undefined ? undefined : addresses.interfaceOf(parsed);
    },
    reconcile: () =>
      reconcile({
        ...host,
        ...drivers,
        state,
        serverPath: config.amphora_agent.agent_server_cert,
        usualPeer: config.amphora_agent.amphora_id,
      }),
    findings: createFindings({
      clock,
      sources: {
        'state-directory': createSurvey({ files: given.files, roots, state, userId: system.userId() }),
        processes: createProcessSurvey({ ...host, ...drivers, state }),
        'haproxy groups': () => watcher.findings(),
        'old workers': () => oldWorkers.findings(),
      },
    }),
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

function wireDetails(
  config: Config,
  host: HostWithLog,
  { binary }: Drivers,
  rates: TrafficRates,
  statuses: LoadBalancerStatuses,
): Details {
  return createDetails({
    ...host,
    rates,
    packages: createPackageVersions(host.files),
    haproxyCommand: binary,
    binaryVersion: createBinaryVersion(host.runner, binary),
    loadBalancers: () => statuses.count(),
    agentVersion: version,
    amphoraId: config.amphora_agent.amphora_id,
  });
}
