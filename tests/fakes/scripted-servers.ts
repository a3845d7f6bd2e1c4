// The servers of one haproxy worker by script: those that its texts configure, as an operator has changed them since. They
// are those of the fake haproxy of the harness kit, on a clock that stands still.

import { readProxies } from '../../agent/testing/fake-haproxy/proxies';
import { createFakeServers } from '../../agent/testing/fake-haproxy/servers';
import { serversStateTable } from '../../agent/testing/fake-haproxy/tables';

export interface ScriptedServers {
  /** What the worker answers; undefined when the command is not about servers. */
  answer(command: string): string | undefined;
}

/** Makes the servers of a worker that was started with `texts`. */
export function createScriptedServers(texts: readonly string[]): ScriptedServers {
  const servers = createFakeServers(readProxies(texts.join('\n')), () => 0);
  return {
    answer: (command) => {
      const [, backend] = /^show servers state(?: (\S+))?$/.exec(command) ?? [];
      if (!command.startsWith('show servers state')) return servers.answer(command.split(' '));
      const wanted = servers.all().filter((server) => backend === undefined || server.backend === backend);
      return serversStateTable(wanted, 0);
    },
  };
}
