// A server as the workers see it that a reload has replaced: a session there is still a session of that server.
// Source: HAProxy 2.6 management guide, 9.4 (`show proc`, `@!<pid>`).

import type { UnixSockets } from '../../host/sockets';
import { createRuntimeClient, ifAnswered } from './client';
import { runtimeCommand, toProcess, type RuntimeCommand, type ServerName } from './command';
import { showProc } from './show-proc';
import { parseShowStat, type StatRow } from './show-stat';

export interface OldWorkerSessions {
  /** Counts the sessions that old workers still have with a server; one that knows no such server has none. Throws `unavailable`, `timeout` when one does not answer: it may still have some. */
  count(masterSocket: string, name: ServerName): Promise<number>;
}

/** Makes the counter. Who asks while the workers of the same master are being asked shares the answers: a master takes ten connections, and a worker that hangs would hold all of them. */
export function createOldWorkerSessions(sockets: UnixSockets): OldWorkerSessions {
  const asked = new Map<string, Promise<readonly StatRow[]>>();

  function rowsBehind(masterSocket: string): Promise<readonly StatRow[]> {
    const known = asked.get(masterSocket);
    if (known !== undefined) return known;
    const rows = serversOfOldWorkers(sockets, masterSocket).finally(() => asked.delete(masterSocket));
    asked.set(masterSocket, rows);
    return rows;
  }

  return {
    async count(masterSocket, { backend, server }) {
      const rows = await rowsBehind(masterSocket);
      return rows
        .filter(({ proxy, service }) => proxy === backend && service === server)
        .reduce((sum, { column }) => sum + (Number(column('scur')) || 0), 0);
    },
  };
}

async function serversOfOldWorkers(sockets: UnixSockets, masterSocket: string): Promise<readonly StatRow[]> {
  const client = createRuntimeClient(sockets, masterSocket);
  const { oldWorkers } = await showProc(client);
  const tables = await Promise.all(
    oldWorkers.map(async ({ pid }) => {
      // All backends: a name alone would be taken for the frontend of that name, if there is one.
      const text = await client.command(toProcess(pid, runtimeCommand('show', 'stat', -1, 4, -1)));
      // It has just ended.
      return text.startsWith('# pxname,') ? parseShowStat(text) : [];
    }),
  );
  return tables.flat();
}

/** Ends the sessions that old workers have with a server, one by one: to `shutdown sessions server` they say `Proxy is disabled.`. */
export async function cutOnOldWorkers(
  sockets: UnixSockets,
  masterSocket: string,
  name: ServerName,
): Promise<void> {
  const client = createRuntimeClient(sockets, masterSocket);
  for (const { pid } of (await showProc(client)).oldWorkers) {
    const ask = (command: RuntimeCommand): Promise<string | undefined> =>
      ifAnswered(() => client.command(toProcess(pid, command)));
    const table = (await ask(runtimeCommand('show', 'sess'))) ?? '';
    for (const session of sessionsWith(table, name)) {
      // One that has stopped answering would let each of them wait.
      if ((await ask(runtimeCommand('shutdown', 'session', session))) === undefined) break;
    }
  }
}

/** Picks from `show sess` the sessions with a server; a line of it is `0x…: proto=… fe=… be=… srv=… …`. */
export function sessionsWith(table: string, { backend, server }: ServerName): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const [, session, be, srv] = /^(0x[0-9a-f]+): .*? be=(\S+) srv=(\S+) /.exec(line) ?? [];
    return session !== undefined && be === backend && srv === server ? [session] : [];
  });
}
