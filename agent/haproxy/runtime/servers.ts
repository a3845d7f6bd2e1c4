// Changes servers at run time: `set server`. What a worker is told is gone with it, unlike the configuration.
// Source: HAProxy 2.6 management guide, 9.3 "set server"; v2.6.0 src/server.c, cli_parse_set_server.

import { AgentError } from '../../model/errors';
import { quote } from '../../model/ids';
import type { RuntimeClient } from './client';
import type { ServerMode } from './show-servers-state';

/** A server by name, as `show servers state` tells it. */
export interface ServerName {
  readonly backend: string;
  readonly server: string;
}

export const heaviestWeight = 256;

// haproxy's own alphabet of names: none of them can end a command or begin another.
const plainName = /^[A-Za-z0-9_.:-]{1,255}$/;

/** Tells whether both names can stand in a command. */
export function canBeNamed({ backend, server }: ServerName): boolean {
  return plainName.test(backend) && plainName.test(server);
}

/** Sets the mode of a server. Throws `invalid-input` for a name that cannot be said, `unsupported` with haproxy's refusal. */
export async function setServerMode(
  client: RuntimeClient,
  name: ServerName,
  mode: ServerMode,
): Promise<void> {
  await set(client, name, `state ${mode}`);
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
  await set(client, name, `weight ${weight}`);
}

// haproxy answers nothing when it has done what it was told.
async function set(client: RuntimeClient, name: ServerName, change: string): Promise<void> {
  const { backend, server } = name;
  if (!canBeNamed(name)) {
    throw new AgentError('invalid-input', `no name of a server: ${quote(`${backend}/${server}`)}`);
  }
  const answer = (await client.command(`set server ${backend}/${server} ${change}`)).trim();
  if (answer === '') return;
  throw new AgentError('unsupported', `haproxy does not set ${change} for ${backend}/${server}`, {
    detail: answer.slice(0, 200),
  });
}
