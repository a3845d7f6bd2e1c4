// What haproxy means when it answers a change with words. Source: contract/runtime.md 3.2; HAProxy v2.6.0 src/server.c,
// src/cli.c.

import { runtimeError, type RuntimeFault } from '../../model/runtime-fault';
import type { ServerName } from './command';

// What stands in the way is the state of the server or its backend: another request may go through.
const conflicts = [
  /^Backend is using a static LB algorithm/,
  /^Backend must use a dynamic load balancing/,
  /^Already exists a server/,
  /^Health check was not configured/,
  /^Agent was not configured/,
  /^agent checks are not enabled/i,
  /^cannot change health on a tracking server/i,
  /^Only servers in maintenance mode/,
  /^Server still has connections/,
  /^This server cannot be removed/,
];

/** Passes the answer of a change on, trimmed, when it is one of a success. Throws the fault that haproxy's words mean. */
export function requireSuccess(answer: string, name: ServerName, success = /^$/): string {
  const said = answer.trim();
  if (success.test(said)) return said;
  throw runtimeError(faultOf(said.replace(/\.$/, ''), name));
}

/** Tells whether haproxy refuses to remove a server because somebody still uses it. */
export function isStillUsed(said: string): boolean {
  return /^Server still has connections/.test(said);
}

function faultOf(said: string, { backend, server }: ServerName): RuntimeFault {
  if (said.startsWith('No such server')) return { code: 'server_not_found', backend, server, said };
  if (/^No such (?:backend|proxy)|^Can't find backend/.test(said)) {
    return { code: 'backend_not_found', backend, said };
  }
  if (said.startsWith('Permission denied')) return { code: 'socket_level', said };
  const [first = ''] = said.split('\n');
  if (first.startsWith('Unknown command')) return { code: 'unsupported', said: first };
  return { code: conflicts.some((words) => words.test(first)) ? 'conflict' : 'command_failed', said: first };
}
