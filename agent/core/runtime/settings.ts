// What operators set of a server beside its state: weight, health checks, agent checks, and one action for many servers.
// Source: contract/runtime.md 6.2, 6.8, 6.9.

import { runtimeCommand, type CommandPart, type ServerName } from '../../haproxy/runtime/command';
import { requireSuccess, type CommandKind } from '../../haproxy/runtime/answers';
import type { ServerMode } from '../../haproxy/runtime/show-servers-state';
import { isAgentError, type AgentError } from '../../model/errors';
import type { Instances } from './instances';
import { readServer } from './look';
import { refuseServerName, type RuntimeServers } from './servers';

export interface Weight {
  /** In haproxy's digits. */
  readonly weight: string;
  readonly initial: string;
}

export interface HealthWish {
  readonly check?: 'enabled' | 'disabled';
  readonly agent?: 'enabled' | 'disabled';
  readonly force?: 'up' | 'down' | 'stopping';
}

/** What came of an action on one of many servers. */
export interface BulkResult {
  readonly server: string;
  readonly error?: AgentError;
}

export interface Settings {
  /** `weight` is 0 to 256, or a percentage of the configured one. Throws haproxy's refusals, `conflict` for a static algorithm. */
  setWeight(
    instance: string | undefined,
    name: ServerName,
    weight: string,
  ): Promise<Weight & { readonly instance: string }>;
  /** Does what is wished, in the order check, agent, force, up to the first refusal, which is thrown. */
  setHealth(
    instance: string | undefined,
    name: ServerName,
    wish: HealthWish,
  ): Promise<{ readonly instance: string }>;
  /** Sets the state of servers one by one; `*` are all of the backend. Throws only for the whole: `backend_not_found`, faults of the connection. */
  setStates(
    instance: string | undefined,
    backend: string,
    servers: readonly string[] | '*',
    state: ServerMode,
  ): Promise<{ readonly instance: string; readonly results: readonly BulkResult[] }>;
}

export interface SettingsDeps {
  readonly instances: Instances;
  readonly servers: Pick<RuntimeServers, 'setState' | 'servers'>;
}

/** Makes the verbs. */
export function createSettings({ instances, servers }: SettingsDeps): Settings {
  return {
    async setWeight(wanted, name, weight) {
      refuseServerName(name);
      const { name: instance, channel } = await instances.find(wanted);
      requireSuccess(
        'set server weight',
        await channel.write(runtimeCommand('set', 'weight', name, weight)),
        name,
      );
      const said = requireSuccess(
        'get weight',
        await channel.read(runtimeCommand('get', 'weight', name)),
        name,
      );
      const [, now = '', initial = ''] = /^(\d+) \(initial (\d+)\)$/.exec(said) ?? [];
      return { instance, weight: now, initial };
    },

    async setHealth(wanted, name, { check, agent, force }) {
      refuseServerName(name);
      const { name: instance, channel } = await instances.find(wanted);
      await readServer(channel, name);
      const change = async (kind: CommandKind, ...parts: readonly CommandPart[]): Promise<void> => {
        requireSuccess(kind, await channel.write(runtimeCommand(...parts)), name);
      };
      if (check !== undefined) await change('enable health', verbOf(check), 'health', name);
      if (agent !== undefined) await change('enable agent', verbOf(agent), 'agent', name);
      if (force !== undefined) await change('set server health', 'set', 'server', name, 'health', force);
      return { instance };
    },

    async setStates(wanted, backend, wished, state) {
      const found = await servers.servers(wanted, backend);
      const names = wished === '*' ? found.servers.map(({ column }) => column('svname')) : wished;
      const results: BulkResult[] = [];
      for (const server of new Set(names)) {
        try {
          await servers.setState(found.instance, { backend, server }, state);
          results.push({ server });
        } catch (error) {
          if (!isAgentError(error)) throw error;
          results.push({ server, error });
        }
      }
      return { instance: found.instance, results };
    },
  };
}

const verbOf = (wish: 'enabled' | 'disabled'): string => (wish === 'enabled' ? 'enable' : 'disable');
