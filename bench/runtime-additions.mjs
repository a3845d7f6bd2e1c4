// How long after a server is added at run time the first request reaches it.
import { createServer } from 'node:http';
import { loopback } from '../scripts/demo/loopback.mjs';

const mostRequests = 20_000;

/** Starts two members that tell which one they are; `close` ends them. */
export async function startMembers() {
  const members = await Promise.all(
    ['first', 'added'].map(async (name) => {
      const server = createServer((_request, response) => response.end(name));
      await new Promise((resolve) => server.listen(0, loopback, resolve));
      return server;
    }),
  );
  return {
    ports: members.map((server) => server.address().port),
    close: () => members.forEach((server) => (server.closeAllConnections(), server.close())),
  };
}

/** Adds a server, sends request after request until it answers one, and removes it; resolves with the milliseconds between. */
export async function timeToTraffic({ call, fetchOne, port }) {
  const begun = performance.now();
  const added = await call('POST', '/grows/servers', { name: 'added', address: loopback, port, check: true });
  if (added.status !== 201) throw new Error(`the server was not added: ${added.status} ${added.text}`);
  let sent = 0;
  while ((await fetchOne()) !== 'added') {
    sent += 1;
    if (sent === mostRequests) throw new Error('the added server gets nothing');
  }
  const passed = performance.now() - begun;
  const removed = await call('DELETE', '/grows/servers/added');
  if (removed.status !== 200)
    throw new Error(`the server was not removed: ${removed.status} ${removed.text}`);
  return passed;
}
