// Builds the core over the trades: verbs and readers, handed down by constructor. Nothing here does I/O.

import type { Config } from '../config/options';
import { createActivate } from '../core/activation';
import { createApply } from '../core/apply';
import { createBindProof } from '../core/bind-proof';
import { createCertificates, type Certificates } from '../core/certificates';
import { createDescriptorWatch } from '../core/descriptors';
import { createDetails, type Details } from '../core/details';
import { createFindings } from '../core/findings';
import { createGate, type Gate } from '../core/gate';
import { createListenerRegistry } from '../core/listener-registry';
import { createLoadBalancers, type LoadBalancers } from '../core/load-balancers';
import { createLoadBalancerStatuses, type LoadBalancerStatuses } from '../core/load-balancer-status';
import { createOwnedFiles } from '../core/owned-files';
import { createPackageVersions } from '../core/packages';
import { createPolicyGuard } from '../core/policy-guard';
import { createProcessGroups, type Activation } from '../core/process-groups';
import { createTrafficRates, type TrafficRates } from '../core/rates';
import { reconcile } from '../core/reconcile';
import { createReloadQueue } from '../core/reload-queue';
import { createStateStore, type StateStore } from '../core/state-store';
import { createSurvey } from '../core/survey';
import { createProcessSurvey } from '../core/survey-processes';
import { createTopologyReader, type TopologyReader } from '../core/topology';
import { version } from '../generated/version';
import type { HaproxyRoots } from '../haproxy/paths';
import { createBinaryVersion } from '../haproxy/version';
import type { Files } from '../host/files';
import type { FindProblems } from '../model/finding';
import type { LoadBalancerId } from '../model/ids';
import { parseIp } from '../model/ip';
import { createAddresses } from '../network/addresses';
import { readNamespaceTraffic } from '../network/traffic';
import { wireDrivers, type Drivers } from './wire-drivers';
import type { HostWithLog } from './wire-host';

export interface Core {
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
  readonly statuses: LoadBalancerStatuses;
  readonly certificates: Certificates;
  readonly details: Details;
  readonly rates: TrafficRates;
  readonly topology: TopologyReader;
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
  /** Deals with what a killed agent left; before anything is restored. */
  readonly reconcile: () => Promise<void>;
  /** What all parts find now. */
  readonly findings: FindProblems;
}

/** Builds the core from a checked configuration. */
export function wireCore(config: Config, given: HostWithLog): Core {
  const host = { ...given, files: ownedFiles(config, given) };
  const drivers = wireDrivers(config, host);
  const { roots, haproxy, ip, namespace } = drivers;
  const { files, clock, system, sockets } = host;
  const state = createStateStore(files, roots);
  const gate = createGate<LoadBalancerId>();
  const loadBalancers = wireLoadBalancers(config, host, drivers, state, gate);
  const statuses = createLoadBalancerStatuses({ files, roots, state, loadBalancers, haproxy, sockets });
  const addresses = createAddresses(ip);
  const rates = createTrafficRates({
    sample: namespace === '' ? () => system.traffic() : () => readNamespaceTraffic(ip),
    clock,
  });
  return {
    roots,
    state,
    loadBalancers,
    statuses,
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

function wireLoadBalancers(
  config: Config,
  host: HostWithLog,
  drivers: Drivers,
  state: StateStore,
  gate: Gate<LoadBalancerId>,
): LoadBalancers {
  const { files, log, clock } = host;
  const { roots, haproxy, listListening } = drivers;
  const registry = createListenerRegistry();
  const guard = createPolicyGuard({ files, contextOf: drivers.policyContext });
  const proof = createBindProof({ haproxy, listListening, canBind: drivers.canBind, log });
  const descriptors = createDescriptorWatch(haproxy, log);
  const activate = createActivate({ ...drivers, files, log, guard, registry, proof, descriptors });
  const groups = createProcessGroups({ files, log, roots, state, activate, haproxy, registry });
  const reloads = createReloadQueue<Activation>({
    clock,
    windowMs: config.amphorad.reload_window * 1_000,
    run: (id, begin) =>
      gate.run(id, () => {
        begin();
        return groups.activate(id, 'reload');
      }),
  });
  return createLoadBalancers({
    files,
    log,
    roots,
    state,
    gate,
    apply: createApply({ ...drivers, files, log, guard }),
    groups,
    reloads,
    mostLoadBalancers: config.amphorad.max_load_balancers,
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
