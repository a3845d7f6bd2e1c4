// A machine of text with the verbs that plug ports wired over it as the daemon wires them.

import { loadConfig } from '../../../agent/config/load';
import type { Config } from '../../../agent/config/options';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { wirePlug, type PlugParts } from '../../../agent/boot/wire-plug';
import type { Topology } from '../../../agent/model/topology';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedNetwork } from '../../fakes/scripted-network';
import { createScriptedRunner, type RunnerRule } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';

export const namespace = 'amphora-haproxy';
export const vipMac = 'fa:16:3e:00:00:01';
export const memberMac = 'fa:16:3e:00:00:02';

/** A request for the VIP 10.0.0.5, with the amphora's own address 10.0.0.9. */
export const vipBody = (more: object = {}): object => ({
  subnet_cidr: '10.0.0.0/24',
  gateway: '10.0.0.1',
  mac_address: vipMac,
  vrrp_ip: '10.0.0.9',
  ...more,
});

export const memberBody = (more: object = {}): object => ({
  mac_address: memberMac,
  fixed_ips: [{ ip_address: '10.2.0.9', subnet_cidr: '10.2.0.0/24' }],
  ...more,
});

const configuration = `[amphora_agent]
amphora_id = 7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11
agent_server_network_dir = /etc/octavia/interfaces
`;

/** Makes the machine, with two ports in the agent's own namespace; `rules` answer what it does not. */
export async function createPlugScene(rules: readonly RunnerRule[] = []) {
  const machine = createScriptedNetwork();
  const files = createMemoryFiles({ '/etc/agent.conf': configuration, '/var/lib/octavia/': '' });
  const runner = createScriptedRunner([...rules, machine.rule]);
  const host = {
    files,
    runner,
    log: createRecordedLog(),
    clock: createHandClock(),
    system: createLiteralSystem({}),
    sockets: createScriptedSockets(),
  };
  const addPorts = (): void => {
    machine.addLink({ name: 'ens7', mac: vipMac });
    machine.addLink({ name: 'ens8', mac: memberMac });
  };
  addPorts();
  const config = await configOf(files);
  const life = { topology: 'SINGLE' as Topology };
  const start = (inNamespace = namespace): PlugParts =>
    wirePlug(config, host, {
      namespace: inNamespace,
      topology: { state: () => Promise.resolve({ topology: life.topology }) },
      interfaceOf: () => Promise.resolve(undefined),
      templates: builtInTemplates,
    });
  return {
    ...host,
    machine,
    addPorts,
    /** The verbs of the agent that runs, and of one that is started later. */
    parts: start(),
    start,
    setTopology: (topology: Topology) => void (life.topology = topology),
    show: () => machine.show(namespace) ?? [],
    list: () => files.readText('/var/lib/octavia/plugged_interfaces'),
  };
}

async function configOf(files: ReturnType<typeof createMemoryFiles>): Promise<Config> {
  const loaded = await loadConfig(
    { configFiles: ['/etc/agent.conf'], configDirs: [], localFiles: [], environment: {} },
    files,
  );
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
  return loaded.config;
}
