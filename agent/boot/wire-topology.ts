// Builds VRRP and the topology: keepalived of the pair below, the verbs above, what looks after both, and who hears of
// a change.

import { basename } from 'node:path';
import type { Config } from '../config/options';
import type { Counters } from '../core/counters';
import { createGate } from '../core/gate';
import type { LoadBalancers } from '../core/load-balancers';
import { createPairAddress, type PairAddressDeps } from '../core/pair-address';
import { createPairing } from '../core/pairing';
import type { StateStore } from '../core/state-store';
import { createTopology, type TopologyControl } from '../core/topology';
import { createTopologyStore } from '../core/topology-store';
import type { UdpListeners } from '../core/udp-listeners';
import { createVrrp, type Vrrp } from '../core/vrrp';
import { createVrrpChecks, type VrrpChecks } from '../core/vrrp-checks';
import { createVrrpProcesses } from '../core/vrrp-processes';
import { createVrrpStateStore } from '../core/vrrp-state';
import { createVrrpWatch } from '../core/vrrp-watch';
import { haproxyPaths } from '../haproxy/paths';
import { createKeepalivedCheck } from '../keepalived/check';
import { refuseKeepalivedFaults } from '../keepalived/policy';
import { createVrrpAddresses } from '../keepalived/vrrp-addresses';
import { vrrpGrammar } from '../keepalived/vrrp-grammar';
import { vrrpPaths, type VrrpPaths } from '../keepalived/vrrp-paths';
import { createVrrpProcess, type VrrpProcess } from '../keepalived/vrrp-process';
import { createVrrpStates } from '../keepalived/vrrp-states';
import { messageOf } from '../model/errors';
import type { FindProblems } from '../model/finding';
import { announce } from '../network/advertise';
import { createNamespaceCommand } from '../network/in-namespace';
import { carriedAmong, createCarriedAddresses, type CarriedAddresses } from '../network/carried';
import type { Companions } from './wire-companions';
import type { Part } from './lifecycle';
import { pairingPart, restorePairing } from './pairing-part';
import type { ConfigInForce } from './wire-core';
import type { Drivers } from './wire-drivers';
import type { HostWithLog } from './wire-host';

export interface Pairing {
  readonly vrrp: Vrrp;
  readonly topology: TopologyControl;
  readonly findings: FindProblems;
  /** The verbs on load balancers, which keep the pair's check in step. */
  readonly checks: Pick<VrrpChecks, 'over' | 'overUdp'>;
  /** Tells whenever the role in VRRP changes or a transition ends. */
  onChange(listener: () => void): void;
  /** Reads what is wanted and clears leftovers; before anything is restored. Throws `version-mismatch`. */
  prepare(): Promise<void>;
  /** Brings up what should run, logging what cannot, and goes on with a transition that was cut short. */
  restore(): Promise<void>;
  /** Ends the watch, and with `stopChildren` keepalived. */
  part(options: { readonly stopChildren: boolean }): Part;
}

export interface PairingParts {
  readonly config: Config;
  readonly host: HostWithLog;
  readonly drivers: Drivers;
  readonly configs: ConfigInForce;
  readonly counters: Counters;
  readonly state: StateStore;
  readonly companions: Pick<Companions, 'install'>;
  readonly loadBalancers: Pick<LoadBalancers, 'ids'>;
  readonly udpListeners: Pick<UdpListeners, 'ids'>;
  readonly plugged: PairAddressDeps['plugged'];
}

const keepalivedBinary = 'keepalived';
// Octavia's templates write it whatever the agent's configuration says.
const octaviaNamespace = 'amphora-haproxy';
const transitionMs = 60_000;

/** Builds them over a host whose files are the core's own view. */
export function wireTopology(parts: PairingParts): Pairing {
  const { host, drivers } = parts;
  const { files, log, clock } = host;
  const { basePath } = drivers.roots;
  const paths = vrrpPaths(basePath);
  const carried = createCarriedAddresses(drivers.ip, createNamespaceCommand(host.runner, drivers.namespace));
  const keepalived = wireKeepalived(parts, paths, carried);
  const state = createVrrpStateStore(files, log, paths.state);
  const refuse = policyOf(drivers, paths);
  const processes = createVrrpProcesses({ files, log, paths, state, keepalived, refuse });
  const role = async () => {
    const process = await processes.living();
    return process === undefined ? undefined : keepalived.observe(process);
  };
  const states = createVrrpStates({ files, runner: host.runner, paths });
  const watch = createVrrpWatch({
    clock,
    log,
    isAlive: (process) => drivers.liveness.isAlive(process),
    role: (process) => keepalived.observe(process),
    hasTold: async () => (await states.read()).size > 0,
  });
  const checks = wireChecks(parts, paths, state);
  const install = async (): Promise<void> => {
    await parts.companions.install();
    await checks.refresh();
  };
  const gate = createGate<'vrrp'>();
  const { formerUnits } = drivers;
  const acts = { processes, keepalived, watch, refuse, install, role, formerUnits };
  const deps = { files, basePath, paths, gate, state, ...acts };
  const vrrp = createVrrp(deps);
  const listeners: (() => void)[] = [];
  const changed = (): void => listeners.forEach((listener) => listener());
  const topology = wireControl(parts, { paths, carried, vrrp, role, changed });
  return {
    vrrp,
    topology,
    checks,
    findings: () => Promise.resolve(watch.findings()),
    onChange: (listener) => void listeners.push(listener),
    prepare: async () => {
      await vrrp.prepare();
      await topology.load();
    },
    restore: () => restorePairing(host, vrrp, topology, watch),
    part: ({ stopChildren }) => {
      const revived = { ...vrrp, revive: () => countRevival(parts, vrrp) };
      return pairingPart({ host, paths, vrrp: revived, topology, watch, changed }, stopChildren);
    },
  };
}

function countRevival({ counters }: PairingParts, vrrp: Vrrp): Promise<void> {
  counters.add('amphorad_restarts_total', { program: 'keepalived-vrrp' });
  return vrrp.revive();
}

interface ControlDeps {
  readonly paths: VrrpPaths;
  readonly carried: CarriedAddresses;
  readonly vrrp: Vrrp;
  readonly role: Vrrp['role'];
  readonly changed: () => void;
}

function wireControl(
  { config, host, drivers, configs, plugged }: PairingParts,
  { paths, carried, vrrp, role, changed }: ControlDeps,
): TopologyControl {
  const { files, log, clock, runner } = host;
  const { roots, namespace } = drivers;
  const pairing = createPairing({
    clock,
    vrrp,
    address: createPairAddress({
      carried,
      plugged,
      announce: (name, ips) => announce(createNamespaceCommand(runner, namespace), name, ips),
    }),
    paths,
    template: drivers.templates['keepalived-vrrp.conf'],
    routerId: config.amphora_agent.amphora_id,
    deadlineMs: transitionMs,
  });
  return createTopology({
    log,
    store: createTopologyStore({ files, log, basePath: roots.basePath }),
    effects: pairing,
    role,
    configured: () => configs.current().controller_worker.loadbalancer_topology,
    ended: changed,
  });
}

function wireKeepalived(
  { host, drivers }: PairingParts,
  paths: VrrpPaths,
  carried: CarriedAddresses,
): VrrpProcess {
  return createVrrpProcess({
    ...host,
    ...drivers,
    check: createKeepalivedCheck(host.runner, [...drivers.through, keepalivedBinary]),
    states: createVrrpStates({ ...host, paths }),
    addresses: createVrrpAddresses({
      ...host,
      presentAddresses: async (wanted) => {
        const all = await carried.list();
        return wanted.flatMap((each) =>
          carriedAmong(all, [each]).map(({ prefixLength }) => ({ ...each, prefixLength })),
        );
      },
      removeAddresses: (addresses) => carried.remove(addresses),
    }),
    paths,
    binary: keepalivedBinary,
  });
}

function policyOf({ namespace }: Drivers, paths: VrrpPaths): (text: string) => void {
  const namespaces = [...new Set([octaviaNamespace, ...(namespace === '' ? [] : [namespace])])];
  const grammar = vrrpGrammar({ namespaces, ...paths });
  return (text) => refuseKeepalivedFaults(text, grammar);
}

function wireChecks(
  { host, drivers, state, loadBalancers, udpListeners, configs }: PairingParts,
  paths: VrrpPaths,
  vrrpState: ReturnType<typeof createVrrpStateStore>,
): VrrpChecks {
  return createVrrpChecks({
    files: host.files,
    paths,
    gate: createGate<'list'>(),
    state,
    vrrpState,
    ids: () => loadBalancers.ids(),
    hasUdpListeners: async () => (await udpListeners.ids()).length > 0,
    pathsOf: (id) => {
      const paths = haproxyPaths(drivers.roots, id);
      const { statsSocket: adminSocket } = paths;
      return drivers.haproxy.isInherited(paths) ? { ...paths, adminSocket } : paths;
    },
    program: basename(drivers.binary),
    servicePorts: () => configs.current().amphorad.vrrp_services,
    failed: (thrown) => host.log.error('check list of VRRP not written', { error: messageOf(thrown) }),
  });
}
