// Builds the core over a host: drivers, verbs and readers, handed down by constructor. Nothing here does I/O.

import type { Config } from '../config/options';
import { createApply } from '../core/apply';
import { createCertificates, type Certificates } from '../core/certificates';
import { createDetails, type Details } from '../core/details';
import { createGate } from '../core/gate';
import { createLoadBalancers, type LoadBalancers } from '../core/load-balancers';
import { createLoadBalancerStatuses, type LoadBalancerStatuses } from '../core/load-balancer-status';
import { createPackageVersions } from '../core/packages';
import { createProcessGroups } from '../core/process-groups';
import { createTrafficRates, type TrafficRates } from '../core/rates';
import { createStateStore, type StateStore } from '../core/state-store';
import { createTopologyReader, type TopologyReader } from '../core/topology';
import { version } from '../generated/version';
import { createConfigCheck } from '../haproxy/check';
import type { OverlayOptions } from '../haproxy/overlay';
import type { HaproxyRoots } from '../haproxy/paths';
import { createHaproxyProcess } from '../haproxy/process';
import { createBinaryVersion } from '../haproxy/version';
import type { LoadBalancerId } from '../model/ids';
import { parseIp } from '../model/ip';
import { createAddresses } from '../network/addresses';
import { createIpCommand } from '../network/ip';
import { readNamespaceTraffic } from '../network/traffic';
import { createDirectSupervisor } from '../supervisor/direct';
import type { HostWithLog } from './wire-host';

export interface Core {
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly loadBalancers: LoadBalancers;
  readonly certificates: Certificates;
  readonly statuses: LoadBalancerStatuses;
  readonly details: Details;
  readonly rates: TrafficRates;
  readonly topology: TopologyReader;
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
}

// Octavia's account for haproxy, on every distribution that has Octavia images.
const unprivilegedAccount = { user: 'nobody', group: 'nogroup' };
const logSockets = ['/run/rsyslog/octavia/log', '/dev/log'];

/** Builds the core from a checked configuration. */
export function wireCore(config: Config, host: HostWithLog): Core {
  const { files, clock, system, sockets, runner, log } = host;
  const { base_path: basePath, base_cert_dir: certDir, haproxy_cmd: binary } = config.haproxy_amphora;
  const roots: HaproxyRoots = { basePath, certDir, runtimeDir: config.amphorad.runtime_dir };
  const namespace = config.amphorad.network_namespace ?? '';
  const through = namespace === '' ? [] : ['ip', 'netns', 'exec', namespace];
  const privileged = system.userId() === 0;

  const overlayOptions = async (): Promise<OverlayOptions> => ({
    runAs: privileged
      ? { ...unprivilegedAccount, group: config.haproxy_amphora.user_group ?? unprivilegedAccount.group }
      : undefined,
    logSockets: await existingSockets(host),
    logFacility: config.haproxy_amphora.user_log_facility,
  });

  const supervisor = createDirectSupervisor({ runner, system, clock });
  const haproxy = createHaproxyProcess({ supervisor, sockets, files, clock, binary, privileged, through });
  const state = createStateStore(files, roots);
  const check = createConfigCheck(runner, [...through, binary]);
  const apply = createApply({ files, log, check, overlayOptions });
  const groups = createProcessGroups({ files, log, roots, state, apply, haproxy });
  const gate = createGate<LoadBalancerId>();
  const loadBalancers = createLoadBalancers({ files, log, roots, state, gate, apply, groups });
  const certificates = createCertificates({ files, roots, state, gate, loadBalancers });
  const statuses = createLoadBalancerStatuses({ files, roots, state, loadBalancers, haproxy, sockets });

  const ip = createIpCommand(runner, namespace);
  const addresses = createAddresses(ip);
  const rates = createTrafficRates({
    sample: namespace === '' ? () => system.traffic() : () => readNamespaceTraffic(ip),
    clock,
  });
  const details = createDetails({
    system,
    files,
    clock,
    rates,
    packages: createPackageVersions(files),
    haproxyCommand: binary,
    binaryVersion: createBinaryVersion(runner, binary),
    loadBalancers: () => statuses.count(),
    agentVersion: version,
    amphoraId: config.amphora_agent.amphora_id,
  });
  return {
    roots,
    state,
    loadBalancers,
    certificates,
    statuses,
    details,
    rates,
    topology: createTopologyReader(config.controller_worker.loadbalancer_topology),
    interfaceOf: async (text) => {
      const parsed = parseIp(text);
      return parsed === undefined ? undefined : addresses.interfaceOf(parsed);
    },
  };
}

async function existingSockets({ files }: HostWithLog): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of logSockets) {
    const kind = (await files.stat(path))?.kind;
    // Under systemd /dev/log is a link to the journal's socket.
    if (kind === 'socket' || kind === 'link') found.push(path);
  }
  return found;
}
