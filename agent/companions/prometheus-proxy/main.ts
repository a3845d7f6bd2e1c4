// prometheus-proxy: haproxy's metrics under Octavia's names, on 127.0.0.1:9102 of the network namespace it is started
// in. The controller's templates fix both ports. Started by the agent while a PROMETHEUS listener runs.

import { createPrometheusProxy } from './server';

const port = 9102;
const server = createPrometheusProxy({ exporterPort: 9101, scrapeTimeoutMs: 4_000, scrapesAtOnce: 8 });

server.once('error', (error) => {
  process.stderr.write(`prometheus-proxy: ${error.message}\n`);
  process.exitCode = 1;
});
server.listen(port, '127.0.0.1');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
