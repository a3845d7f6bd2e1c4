// UNIX sockets of our own in a table, shared by all agents of a test: who listens on a path, and what is said there.

import type { LocalServers } from '../../agent/host/sockets';
import { AgentError } from '../../agent/model/errors';

export interface ScriptedLocalServers extends LocalServers {
  /** Paths that somebody listens on, in the order of their taking. */
  paths(): readonly string[];
}

/** Makes an empty table. */
export function createScriptedLocalServers(): ScriptedLocalServers {
  const table = new Map<string, () => string | Promise<string>>();
  return {
    paths: () => [...table.keys()],
    serve(path, answer) {
      if (table.has(path)) {
        return Promise.reject(new AgentError('already-exists', `cannot listen on ${path}`));
      }
      table.set(path, answer);
      return Promise.resolve({
        close: () => {
          table.delete(path);
          return Promise.resolve();
        },
      });
    },
    accept(path) {
      return this.serve(path, () => '');
    },
    async ask(path) {
      try {
        return await table.get(path)?.();
      } catch {
        return undefined;
      }
    },
  };
}
