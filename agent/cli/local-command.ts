// What commands that ask the agent have in common: its base_path from the configuration, and how they end without it.

import { loadConfig } from '../config/load';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import type { Files } from '../host/files';
import { AgentError, isAgentError } from '../model/errors';
import { createLocalAgent, noAgentStatus, type LocalAgent, type LocalAgentDeps } from './local-agent';

export interface CommandDeps extends LocalAgentDeps {
  readonly files: Files;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Finds the agent of a configuration and runs a command with it. Resolves with the exit status: the command's, 3 without an agent, 78 for a configuration that is wrong, 1 for what else the agent or the command throws. */
export async function withLocalAgent(
  sources: ConfigSources,
  deps: CommandDeps,
  command: (agent: LocalAgent) => Promise<number>,
): Promise<number> {
  const loaded = await loadConfig(sources, deps.files);
  if (!loaded.ok) {
    deps.printError(`${loaded.problems.map(formatProblem).join('\n')}\n`);
    return 78;
  }
  try {
    return await command(createLocalAgent(deps, loaded.config.haproxy_amphora.base_path));
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || thrown.kind === 'invalid-input') throw thrown;
    deps.printError(
      `amphorad: ${thrown.message}${thrown.detail === undefined ? '' : `: ${thrown.detail}`}\n`,
    );
    return isAgentError(thrown, 'unavailable') ? noAgentStatus : 1;
  }
}
