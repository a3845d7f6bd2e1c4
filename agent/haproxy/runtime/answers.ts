// What haproxy says to a command. Not every answer is an error and not every success is silent: each command has a pattern
// of its own for success. Texts as 2.6.12 says them. Source: contract of the runtime API, 3.2.

import type { AgentError } from '../../model/errors';
import { runtimeError } from '../../model/runtime-fault';
import type { ServerName } from './command';

/** What success looks like, by command; the answer is trimmed. */
export const successes = {
  'set server state': /^$/,
  'set server weight': /^$/,
  'set server health': /^$/,
  'set server agent': /^$/,
  'set server addr': /^(?:$|(?:no need to change|IP changed|port changed)[^]*by 'stats socket command')/,
  'set server check-port': /^(?:$|health check port updated\.)/,
  'enable health': /^$/,
  'disable health': /^$/,
  'enable agent': /^$/,
  'disable agent': /^$/,
  'enable server': /^$/,
  'shutdown sessions server': /^$/,
  'get weight': /^\d+ \(initial \d+\)$/,
  'add server': /^New server registered\.$/,
  'del server': /^Server deleted\.$/,
} as const satisfies Readonly<Record<string, RegExp>>;

export type CommandKind = keyof typeof successes;

/** Gives the trimmed answer of a command that succeeded. Throws haproxy's refusal as a fault: `server_not_found`, `backend_not_found`, `socket_level`, `unsupported`, `conflict`, `command_failed`. */
export function requireSuccess(kind: CommandKind, answer: string, about: ServerName): string {
  const trimmed = answer.trim();
  if (successes[kind].test(trimmed)) return trimmed;
  throw refusal(trimmed, about);
}

// What would be right in another state of haproxy, or with another configuration.
const conflicts = [
  /^Backend is using a static LB algorithm/,
  /^Already exists a server/,
  /^Backend must use a dynamic load balancing/,
  /^Only servers in maintenance mode can be deleted/,
  /^Server still has connections attached/,
  /^This server cannot be removed at runtime/,
  /^(?:Health check|Agent) was not configured on this server/,
  /^cannot change health on a tracking server/,
  /^agent checks are not enabled on this server/,
];

/** Reads a refusal; only its first line counts, since haproxy may go on with its help. */
export function refusal(answer: string, about: ServerName): AgentError {
  const [first = ''] = answer.trim().split('\n');
  const said = first.trim().replace(/\.$/, '').slice(0, 500);
  if (/^No such server\b/.test(said)) return runtimeError({ code: 'server_not_found', ...about, said });
  if (/^(?:No such (?:backend|proxy)\b|Can't find backend)/.test(said)) {
    return runtimeError({ code: 'backend_not_found', backend: about.backend, said });
  }
  if (said.startsWith('Permission denied')) return runtimeError({ code: 'socket_level', said });
  if (/^Unknown command/i.test(said)) return runtimeError({ code: 'unsupported', said });
  // A master whose worker is gone.
  if (/^Can't (?:connect to|find) the target/.test(said)) return runtimeError({ code: 'unavailable', said });
  const code = conflicts.some((pattern) => pattern.test(said)) ? 'conflict' : 'command_failed';
  return runtimeError({ code, said });
}
