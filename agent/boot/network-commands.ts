// `amphorad network restore` and `amphorad interface`: the network as recorded, without the agent. Both do what the
// agent does at its start, or the opposite, and change nothing that is as it should be.
// Source: contract/octavia-1.0.md "Companion commands"; octavia's cmd/interface.py for how it is called.

import { loadConfig } from '../config/load';
import type { Config } from '../config/options';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import { followedTopology } from '../core/topology-state';
import { createTopologyStore } from '../core/topology-store';
import { createVrrpStateStore, readVrrpOrigin } from '../core/vrrp-state';
import { vrrpPaths } from '../keepalived/vrrp-paths';
import { AgentError, isAgentError } from '../model/errors';
import { logTo } from './command-log';
import type { Output } from './serve';
import { loadTemplates, requireUsable } from './templates';
import type { Host } from './wire-host';
import { wirePlug, type PlugParts } from './wire-plug';

const configurationError = 78;

/** Rebuilds namespace and interfaces from what is on record. Status 0: all is as recorded; 1: not all; 78: the configuration is wrong. */
export async function runNetworkRestore(sources: ConfigSources, host: Host, output: Output): Promise<number> {
  return withNetwork(sources, host, output, (parts) => up(parts, undefined, output));
}

/** Brings interfaces on record up or down, by name or `all`. Statuses as above. */
export async function runInterface(
  [action = '', name = '']: readonly string[],
  sources: ConfigSources,
  host: Host,
  output: Output,
): Promise<number> {
  const only = name === 'all' ? undefined : name;
  return withNetwork(sources, host, output, async (parts) => {
    const names = await parts.networkRestore.names();
    if (only !== undefined && !names.includes(only)) {
      throw new AgentError('not-found', `no interface ${only} is on record`);
    }
    if (action === 'up') return up(parts, only, output);
    for (const each of only === undefined ? names : [only]) {
      await parts.networkRestore.takeDown(each);
      output.out(`${each} is down\n`);
    }
    return 0;
  });
}

async function up({ networkRestore }: PlugParts, only: string | undefined, output: Output): Promise<number> {
  const { restored, failed, problems } = await networkRestore.restore(only);
  for (const name of restored) output.out(`${name} is as recorded\n`);
  for (const { name, why } of failed) output.err(`error: ${name}: ${why}\n`);
  const isWhole = failed.length === 0 && (only !== undefined || problems.length === 0);
  return isWhole ? 0 : 1;
}

async function withNetwork(
  sources: ConfigSources,
  host: Host,
  output: Output,
  job: (parts: PlugParts) => Promise<number>,
): Promise<number> {
  const loaded = await loadConfig(sources, host.files);
  if (!loaded.ok) {
    for (const problem of loaded.problems) output.err(`error: ${formatProblem(problem)}\n`);
    return configurationError;
  }
  try {
    return await job(await networkOf(loaded.config, host, output));
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    output.err(`error: ${thrown.message}${thrown.detail === undefined ? '' : `: ${thrown.detail}`}\n`);
    return 1;
  }
}

async function networkOf(config: Config, host: Host, output: Output): Promise<PlugParts> {
  const log = logTo(output);
  const { base_path: basePath } = config.haproxy_amphora;
  const record = await createTopologyStore({ ...host, log, basePath }).read();
  const vrrp = vrrpPaths(basePath);
  const origin = await readVrrpOrigin(host.files, vrrp, createVrrpStateStore(host.files, log, vrrp.state));
  const { loadbalancer_topology: configured } = config.controller_worker;
  const topology = followedTopology(record, configured, origin === 'uploaded');
  const templates = requireUsable(await loadTemplates(config.amphorad.template_dir, host.files));
  return wirePlug(
    config,
    { ...host, log },
    {
      namespace: config.amphorad.network_namespace ?? '',
      topology: { state: () => Promise.resolve({ topology }) },
      interfaceOf: () => Promise.resolve(undefined),
      templates,
    },
  );
}
