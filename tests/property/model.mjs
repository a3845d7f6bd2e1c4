// Load balancers as Octavia's data model has them, and a little beyond (maxconn and default-server, which its templates
// do not write but operators' templates do), drawn at random. Source: octavia-lib's constants; contract/octavia-1.0.md.
import { randomUUID } from 'node:crypto';

export const algorithms = ['roundrobin', 'leastconn', 'source'];
export const names = ['a.example', 'b.example', 'c.example'];
const persistences = { none: 5, source: 1, http: 1, app: 1 };
const monitors = { none: 4, TCP: 2, HTTP: 2, HTTPS: 1, 'TLS-HELLO': 1, PING: 1 };
const protocols = { HTTP: 3, TCP: 1, TERMINATED_HTTPS: 2 };
// Names that a careless comparison takes for one another.
const alike = ['web1', 'web11', 'web', 'WEB1', 'web1:x', 'web1-x', 'web-1'];
const defaultServers = [null, null, null, null, 'inter 90s', 'weight 3', 'check fall 4', 'maxconn 7'];

/** Draws a member whose name no other of the pool has. */
export function drawMember(random, pool) {
  const taken = new Set(pool.members.map(({ id }) => id));
  const free = alike.filter((name) => !taken.has(name));
  const isAlike = free.length > 0 && random.chance(0.3);
  return {
    id: isAlike ? random.pick(free) : randomUUID(),
    ...drawPlace(random),
    weight: random.pick([0, 1, 1, 1, 2, 10, 256]),
    isEnabled: random.chance(0.85),
    isBackup: random.chance(0.15),
    maxconn: random.chance(0.15) ? random.integer(1, 500) : null,
    monitorPort: random.chance(0.1) ? random.integer(1, 9) : null,
  };
}

/** Draws an address and port where nobody listens. */
export function drawPlace(random) {
  const address = random.chance(0.15) ? '::1' : `127.0.0.${random.integer(1, 250)}`;
  return { address, port: random.integer(1, 9) };
}

/** Draws the check of a pool. Its delay is long: nothing but the first check happens while it is looked at. */
export function drawMonitor(random, type) {
  return {
    type,
    delay: random.integer(60, 300),
    timeout: random.integer(5, 20),
    fall: random.integer(1, 5),
    rise: random.integer(1, 5),
  };
}

/** Draws a pool of a listener. */
export function drawPool(random) {
  const monitor = random.weighted(monitors);
  const pool = {
    id: randomUUID(),
    algorithm: random.pick(algorithms),
    persistence: random.weighted(persistences),
    monitor: monitor === 'none' ? null : drawMonitor(random, monitor),
    proxy: random.pick([0, 0, 0, 1, 2]),
    tls: random.chance(0.25) ? random.pick(['plain', 'ca', 'client']) : null,
    defaultServer: random.pick(defaultServers),
    members: [],
  };
  const count = random.integer(0, 5);
  for (let made = 0; made < count; made += 1) pool.members.push(drawMember(random, pool));
  return pool;
}

/** Draws a listener at a port. */
export function drawListener(random, port) {
  return {
    id: randomUUID(),
    port,
    protocol: random.weighted(protocols),
    connectionLimit: random.chance(0.3) ? random.integer(10, 400) : null,
    timeoutClient: 50_000,
    /** Names that certificates are for, with the version of each. */
    certificates: names
      .slice(0, random.integer(1, names.length))
      .map((name) => ({ name, file: 0, version: 0 })),
    pools: Array.from({ length: random.integer(1, 2) }, () => drawPool(random)),
  };
}

/** Draws a load balancer that takes its ports from a list. */
export function drawLoadBalancer(random, ports) {
  const count = random.integer(1, 2);
  return { comment: 0, listeners: ports.slice(0, count).map((port) => drawListener(random, port)) };
}
