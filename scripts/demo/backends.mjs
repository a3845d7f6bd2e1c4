// The members behind the load balancer: tiny HTTP servers in this process that answer their name and count.
import { createServer } from 'node:http';
import { loopback } from './loopback.mjs';

/** The path that health checks ask for; it is not counted. */
export const checkPath = '/healthy';

/** Starts a backend on a free port of loopback. */
export async function startBackend(name) {
  let requests = 0;
  const server = createServer((request, response) => {
    if (request.url !== checkPath) requests += 1;
    response.end(name);
  });
  // Node closes idle connections after 5 s; haproxy could be sending on one just then.
  server.keepAliveTimeout = 120_000;
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, loopback, resolve);
  });
  return {
    name,
    port: server.address().port,
    /** How many requests it has had, health checks apart. */
    requests: () => requests,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
