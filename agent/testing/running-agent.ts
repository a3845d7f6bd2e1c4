// One life of an agent, in this process or in one of its own. haproxy goes on after both ends.

import { loadConfig } from '../config/load';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import { createAgentConfigs, type AgentConfigs } from '../core/agent-config';
import { startAgent, type Agent, type AgentOptions } from '../boot/agent';
import type { AgentHost, HostWithLog } from '../boot/wire-host';

export interface RunningAgent {
  readonly port: number;
  readonly pid: number;
  /** Ends it in order. */
  end(): Promise<void>;
  /** Ends it as abruptly as can be. */
  kill(): Promise<void>;
}

export interface Configured {
  readonly agent: Agent;
  readonly configs: AgentConfigs;
}

/** Starts an agent in this process from configuration files. Throws with all that is wrong with them. */
export async function startConfigured(
  sources: ConfigSources,
  host: HostWithLog & AgentHost,
  stopChildren: boolean,
  more: Omit<AgentOptions, 'stopChildren' | 'configs'> = {},
): Promise<Configured> {
  const loaded = await loadConfig(sources, host.files);
  if (!loaded.ok)
    throw new Error(`the configuration is refused:\n${loaded.problems.map(formatProblem).join('\n')}`);
  const configs = createAgentConfigs({ ...host, sources, started: loaded.config });
  const agent = await startAgent(loaded.config, host, { stopChildren, configs, ...more });
  return { agent, configs };
}

/** Starts one in this process. */
export async function startInProcess(
  sources: ConfigSources,
  host: HostWithLog & AgentHost,
  more: Omit<AgentOptions, 'stopChildren' | 'configs'> = {},
): Promise<RunningAgent> {
  const { agent } = await startConfigured(sources, host, false, more);
  return { port: agent.port, pid: process.pid, end: () => agent.stop(), kill: () => agent.stop() };
}
