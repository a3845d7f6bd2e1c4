// Changes servers at run time: `set server`. What a worker is told is gone with it, unlike the configuration.
// Source: HAProxy 2.6 management guide, 9.3 "set server"; v2.6.0 src/server.c, cli_parse_set_server.

import { AgentError } from '../../model/errors';
import type { RuntimeClient } from './client';
import { runtimeCommand, type ServerName } from './command';
import type { ServerMode } from './show-servers-state';

export const heaviestWeight = 256;

/** Sets the mode of a server. Throws `invalid-input` for a name that cannot be said, `unsupported` with haproxy's refusal. */
export async function setServerMode(
  client: RuntimeClient,
  name: ServerName,
  mode: ServerMode,
): Promise<void> {
  await set(client, name, 'state', mode);
}

/** Sets the weight of a server, 0 to 256. Throws as `setServerMode` does. */
export async function setServerWeight(
  client: RuntimeClient,
  name: ServerName,
  weight: number,
): Promise<void> {
  if (!Number.isInteger(weight) || weight < 0 || weight > heaviestWeight) {
    throw new AgentError('invalid-input', `a weight is a whole number from 0 to ${heaviestWeight}`);
  }
  await set(client, name, 'weight', weight);
}

// haproxy answers nothing when it has done what it was told.
async function set(
  client: RuntimeClient,
  name: ServerName,
  what: 'state' | 'weight',
  value: string | number,
): Promise<void> {
  const answer = (await client.command(runtimeCommand('set', 'server', name, what, value))).trim();
  if (answer === '') return;
  const { backend, server } = name;
  throw new AgentError('unsupported', `haproxy does not set ${what} ${value} for ${backend}/${server}`, {
    detail: answer.slice(0, 200),
  });
}
