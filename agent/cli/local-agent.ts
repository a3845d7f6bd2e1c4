// The agent that runs on this machine, as commands reach it: HTTP on `<base>/agent.sock`, which is for its user and root.

import { join } from 'node:path';
import type { LocalHttp, LocalHttpAnswer, LocalHttpRequest } from '../host/local-http';
import type { LocalServers } from '../host/sockets';
import { AgentError, isAgentError } from '../model/errors';

export interface LocalAgent {
  readonly socketPath: string;
  /**
   * Asks it and resolves with its answer, whatever the status. Throws `unavailable` when no agent answers, `timeout`,
   * `forbidden` for a user who may not ask, `version-mismatch` for an agent older than this program; each says what to do.
   */
  ask(
    request: Omit<LocalHttpRequest, 'timeoutMs'> & { readonly timeoutMs?: number },
  ): Promise<LocalHttpAnswer>;
}

export interface LocalAgentDeps {
  readonly localHttp: LocalHttp;
  readonly localServers: Pick<LocalServers, 'ask'>;
}

/** No agent answers: the exit status of every command that needs one. */
export const noAgentStatus = 3;

// Longer than the agent gives its own parts to answer.
const defaultMs = 10_000;

/** Makes the way to the agent of a base_path. */
export function createLocalAgent({ localHttp, localServers }: LocalAgentDeps, basePath: string): LocalAgent {
  const socketPath = join(basePath, 'agent.sock');
  return {
    socketPath,
    async ask(request) {
      try {
        return await localHttp.request(socketPath, { timeoutMs: defaultMs, ...request });
      } catch (thrown) {
        throw await explained(thrown);
      }
    },
  };

  async function explained(thrown: unknown): Promise<unknown> {
    if (isAgentError(thrown, 'version-mismatch')) {
      const { pid, version } = oldAgent((await localServers.ask(socketPath)) ?? '');
      return new AgentError(
        'version-mismatch',
        `The agent that runs (pid ${pid}, version ${version}) is older than this program: restart it, haproxy stays`,
        { cause: thrown },
      );
    }
    if (isAgentError(thrown, 'forbidden')) {
      return new AgentError('forbidden', `${socketPath} is for the agent's user and root alone`, {
        cause: thrown,
      });
    }
    if (!isAgentError(thrown, 'unavailable')) return thrown;
    return new AgentError('unavailable', `No agent answers on ${socketPath}`, {
      detail: 'is it running, and with this configuration? "amphorad doctor" tells more',
      cause: thrown,
    });
  }
}

/** Agents before this one told one JSON document to whoever connected. */
function oldAgent(said: string): { readonly pid: string; readonly version: string } {
  const pid = /"pid":(\d{1,10})/.exec(said)?.[1] ?? 'unknown';
  const version = /"version":"([0-9A-Za-z.+-]{1,40})"/.exec(said)?.[1] ?? 'unknown';
  return { pid, version };
}
