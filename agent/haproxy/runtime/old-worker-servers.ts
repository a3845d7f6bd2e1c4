// A server as the workers see it that a reload has replaced: a session there is still a session of that server.
// Source: HAProxy 2.6 management guide, 9.4 (`show proc`, `@!<pid>`).

import type { UnixSockets } from '../../host/sockets';
import { createRuntimeClient, ifAnswered, type RuntimeClient } from './client';
import { runtimeCommand, type ServerName } from './command';
import { showProc } from './show-proc';
import { parseShowStat } from './show-stat';

/** Counts the sessions that old workers still have with a server; one that does not answer, or knows no such server, has none. */
export async function sessionsOnOldWorkers(
  sockets: UnixSockets,
  masterSocket: string,
  { backend, server }: ServerName,
): Promise<number> {
  const client = createRuntimeClient(sockets, masterSocket);
  const counts = await Promise.all(
    (await oldWorkers(client)).map(async (pid) => {
      const text = await ifAnswered(() =>
        client.command(runtimeCommand(`@!${pid}`, 'show', 'stat', backend, 4, -1)),
      );
      if (text?.startsWith('# pxname,') !== true) return 0;
      const row = parseShowStat(text).find(({ service }) => service === server);
      return Number(row?.column('scur') ?? 0) || 0;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Ends the sessions that old workers have with a server. */
export async function cutOnOldWorkers(
  sockets: UnixSockets,
  masterSocket: string,
  name: ServerName,
): Promise<void> {
  const client = createRuntimeClient(sockets, masterSocket);
  for (const pid of await oldWorkers(client)) {
    await ifAnswered(() =>
      client.command(runtimeCommand(`@!${pid}`, 'shutdown', 'sessions', 'server', name)),
    );
  }
}

async function oldWorkers(client: RuntimeClient): Promise<readonly number[]> {
  const group = await ifAnswered(() => showProc(client));
  return group?.oldWorkers.map(({ pid }) => pid) ?? [];
}
