// Builds the core over the trades: verbs and readers, handed down by constructor. Nothing here does I/O.

import type { Config } from '../config/options';
import type { AgentConfigs } from '../core/agent-config';
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
import { createStoredFrontends, type StoredFrontends } from '../core/stored-frontends';
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
import { wireCompanions, type Companions } from './wire-companions';
import { wireDrivers, type Drivers } from './wire-drivers';
import { wireLoadBalancers } from './wire-load-balancers';
import type { HostWithLog } from './wire-host';
import { wireUdp, type Udp } from './wire-udp';

/** The part of the configuration's holder that the core is built on. */
export type ConfigInForce = Pick<AgentConfigs, 'path' | 'current'>;

export interface Core {
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
  readonly oldWorkers: OldWorkers;
  readonly statuses: LoadBalancerStatuses;
  readonly frontends: StoredFrontends;
  readonly watcher: Watcher;
  readonly companions: Companions;
  readonly certificates: Certificates;
  readonly details: Details;
  readonly rates: TrafficRates;
  readonly topology: TopologyReader;
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
  /** Deals with what a killed agent left; before anything is restored. */
  readonly reconcile: () => Promise<void>;
  readonly udp: Udp;
  /** What all parts find now. */
  readonly findings: Findings;
}

/** Builds the core from a checked configuration; `configs` knows what of it changes while the agent runs. */
export function wireCore(
  config: Config,
  given: HostWithLog,
  configs: ConfigInForce = { path: undefined, current: () => config },
): Core {
  const host = { ...given, files: ownedFiles(config, given) };
  const drivers = wireDrivers(config, host, configs.current);
  const { roots, haproxy, ip, namespace } = drivers;
  const { files, clock, system, sockets } = host;
  const state = cacheStates(createStateStore(files, roots), files, roots);
  const gate = createGate<LoadBalancerId>();
  const companions = wireCompanions(host, drivers);
  const { loadBalancers, oldWorkers, watcher } = wireLoadBalancers({
    config,
    host,
    drivers,
    state,
    gate,
    companions,
  });
  const frontends = createStoredFrontends({ files, roots, loadBalancers });
  const status = { frontends, roots, state, loadBalancers, watcher, haproxy, sockets };
  const statuses = createLoadBalancerStatuses(status);
  const addresses = createAddresses(ip);
  const udp = wireUdp(config, host, drivers);
  const rates = createTrafficRates({
    sample: namespace === '' ? () => system.traffic() : () => readNamespaceTraffic(ip),
    clock,
  });
  return {
    roots,
    state,
    loadBalancers,
    oldWorkers,
    statuses,
    frontends,
    watcher,
    companions,
    certificates: createCertificates({ files, roots, state, gate, loadBalancers }),
    details: wireDetails(config, host, drivers, rates, statuses),
    rates,
    topology: createTopologyReader(() => configs.current().controller_worker.loadbalancer_topology),
    interfaceOf: async (text) => {
      const parsed = parseIp(text);
      return parsed === undefined ? undefined : addresses.interfaceOf(parsed);
    },
    reconcile: () =>
      reconcile({
        ...host,
        ...drivers,
        state,
        replaced: [
          config.amphora_agent.agent_server_cert,
          ...(configs.path === undefined ? [] : [configs.path]),
        ],
        usualPeer: config.amphora_agent.amphora_id,
      }),
    udp,
    findings: createFindings({
      clock,
      sources: {
        'state-directory': createSurvey({ files: given.files, roots, state, userId: system.userId() }),
        processes: createProcessSurvey({ ...host, ...drivers, state }),
        'haproxy groups': () => watcher.findings(),
        'old workers': () => oldWorkers.findings(),
        'UDP listeners': () => udp.findings(),
        companions: companions.findings,
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
