// Builds what plugs ports: the network trade below, the verbs above, and who brings all back at a start.

import type { Config } from '../config/options';
import { createGate } from '../core/gate';
import { createInterfaceRules, type InterfaceRules } from '../core/interface-rules';
import { createNetworkRestore, type NetworkRestore } from '../core/network-restore';
import { createPlug, type Plug } from '../core/plug';
import { createPluggedPorts, type PluggedPorts } from '../core/plugged';
import type { Templates } from '../model/template';
import type { Topology } from '../model/topology';
import { createNamespaceCommand } from '../network/in-namespace';
import { createIpCommand } from '../network/ip';
import { createFirewall } from '../network/nft';
import { createInterfaceRecords } from '../network/persist';
import { createNetwork } from '../network/plug';
import type { HostWithLog } from './wire-host';

export interface PlugParts {
  readonly plug: Plug;
  readonly interfaceRules: InterfaceRules;
  readonly pluggedPorts: PluggedPorts;
  readonly networkRestore: NetworkRestore;
}

export interface PlugPartsDeps {
  readonly namespace: string;
  readonly topology: { state(): Promise<{ readonly topology: Topology }> };
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
  readonly templates: Templates;
}

/** Builds them over a host whose files are the core's own view. */
export function wirePlug(config: Config, host: HostWithLog, given: PlugPartsDeps): PlugParts {
  const { runner, system, clock, log, files } = host;
  const { namespace, topology, interfaceOf, templates } = given;
  const ip = createIpCommand(runner, namespace);
  const deps = {
    clock,
    log,
    topology,
    gate: createGate<'network'>(),
    network: createNetwork({
      runner,
      log,
      namespace,
      templates,
      namespaceUnit: config.amphorad.namespace_unit,
      ownPid: system.processId(),
    }),
    firewall: createFirewall(createNamespaceCommand(runner, namespace), templates),
    records: createInterfaceRecords({
      files,
      templates,
      basePath: config.haproxy_amphora.base_path,
      networkDirectory: config.amphora_agent.agent_server_network_dir,
    }),
    linkDown: async (name: string) => {
      await ip.run(['link', 'set', 'dev', name, 'down']);
    },
    hasNamespace: namespace !== '',
  };
  const networkRestore = createNetworkRestore(deps);
  return {
    plug: createPlug({ ...deps, onPlugged: (mac) => networkRestore.settled(mac) }),
    interfaceRules: createInterfaceRules({ ...deps, interfaceOf }),
    pluggedPorts: createPluggedPorts(deps),
    networkRestore,
  };
}
