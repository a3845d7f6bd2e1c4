// What haproxy needs of the machine, for process managers that confine it. Sources: the HAProxy 2.6 management guide,
// chapter 3 and 13; capabilities(7); measured by tests/live/confinement.test.ts.

import { dirname } from 'node:path';
import type { Confinement } from '../supervisor/confinement';
import type { HaproxyPaths } from './paths';

const capabilities = [
  // Ports below 1024.
  'NET_BIND_SERVICE',
  // Transparent binds. And ping, which PING monitors run: the kernel refuses to execute a file with a capability that
  // its bounding set lacks, though haproxy lets no child gain it (../core/ping-permission).
  'NET_RAW',
  // Workers run as nobody, under which the master has them end.
  'SETUID',
  'SETGID',
  'KILL',
  // `stats socket … user … group … mode …`.
  'CHOWN',
  'FOWNER',
  // More descriptors than the unit's limit, when maxconn asks for them.
  'SYS_RESOURCE',
];

/** Says what one load balancer's haproxy may do. It writes sockets and its pid file; states are the agent's to write. */
export function haproxyConfinement({
  directory,
  masterSocket,
  statsSocket,
  certificates,
}: HaproxyPaths): Confinement {
  const writes = [dirname(statsSocket), directory, dirname(masterSocket)];
  return { writes: [...new Set(writes)], reads: [certificates], capabilities };
}
