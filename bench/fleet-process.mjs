// The process that bench/fleet.mjs measures: amphorae over fake haproxies, started by the harness kit as anyone would. It
// says in a line of JSON when all answer and where, and ends with its standard input.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { startAmphorae } = createRequire(import.meta.url)(
  join(import.meta.dirname, '..', 'dist', 'testing.cjs'),
);
const [count, target, key] = process.argv.slice(2);

const before = process.cpuUsage();
const began = performance.now();
const fleet = await startAmphorae({
  count: Number(count),
  config: { health_manager: { controller_ip_port_list: target, heartbeat_key: key } },
});
const startedMs = performance.now() - began;
const { user, system } = process.cpuUsage(before);
const [{ certificates }] = fleet.amphorae;
const amphorae = fleet.amphorae.map(({ amphoraId, port }) => ({ amphoraId, port }));
const ca = certificates.ca.certificatePem;
const { keyPem, certificatePem } = certificates.client;
process.stdout.write(
  `${JSON.stringify({ startedMs, cpuMs: (user + system) / 1_000, amphorae, ca, keyPem, certificatePem })}\n`,
);
process.stdin.resume();
process.stdin.once('end', () => void fleet.stop().then(() => process.exit(0)));
