// A server as the workers see it that a reload has replaced: a session there is still a session of that server.
// Source: HAProxy 2.6 management guide, 9.4 (`show proc`, `@!<pid>`).

import type { UnixSockets } from '../../host/sockets';
import { createRuntimeClient, ifAnswered } from './client';
import { runtimeCommand, toProcess, type RuntimeCommand, type ServerName } from './command';
import { showProc } from './show-proc';
import { parseShowStat } from './show-stat';

/** Counts the sessions that old workers still have with a server; one that knows no such server has none. Throws `unavailable`, `timeout` when one does not answer: it may still have some. */
export async function sessionsOnOldWorkers(
  sockets: UnixSockets,
  masterSocket: string,
  { backend, server }: ServerName,
): Promise<number> {
  const client = createRuntimeClient(sockets, masterSocket);
  const counts = await Promise.all(
    (await showProc(client)).oldWorkers.map(async ({ pid }) => {
      const text = await client.command(toProcess(pid, runtimeCommand('show', 'stat', backend, 4, -1)));
      // It has just ended, or its configuration had no such backend.
      if (!text.startsWith('# pxname,')) return 0;
      const row = parseShowStat(text).find(({ service }) => service === server);
      return Number(row?.column('scur') ?? 0) || 0;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
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
    for (const session of sessionsWith(table, name))
      await ask(runtimeCommand('shutdown', 'session', session));
  }
}

/** Picks from `show sess` the sessions with a server; a line of it is `0x…: proto=… fe=… be=… srv=… …`. */
export function sessionsWith(table: string, { backend, server }: ServerName): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const [, session, be, srv] = /^(0x[0-9a-f]+): .*? be=(\S+) srv=(\S+) /.exec(line) ?? [];
    return session !== undefined && be === backend && srv === server ? [session] : [];
  });
}
