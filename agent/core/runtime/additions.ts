// Adds servers to a running haproxy and removes them, without a reload. On our own load balancers what was added lasts.
// Source: contract/runtime.md 6.7; HAProxy 2.6 management guide, 9.3 "add server", "del server".

import { addedServerWords, addressWord, type AddedServer } from '../../haproxy/added-servers';
import { runtimeCommand, type CommandPart, type ServerName } from '../../haproxy/runtime/command';
import { requireSuccess, type CommandKind } from '../../haproxy/runtime/answers';
import type { Clock } from '../../host/clock';
import { isAgentError } from '../../model/errors';
import type { Channel } from './channel';
import type { Instance, Instances } from './instances';
import { readServer } from './look';
import type { KeptServersList } from './kept-servers';
import type { Kept, LastingServers } from './lasting-servers';
import { refuseServerName } from './servers';

export interface RemovalWish {
  /** Lets running sessions end first, for as long as the deadline. */
  readonly drain: boolean;
  readonly timeoutMs: number;
}

export interface Additions {
  /** Adds a server that takes traffic at once. Throws haproxy's refusals, and then leaves nothing of it behind. */
  add(
    instance: string | undefined,
    server: AddedServer,
    wantsKept: boolean,
  ): Promise<{ readonly instance: string; readonly lasting: Kept }>;
  /** What of a backend is kept over reloads, and why it is left out where haproxy refuses it. */
  kept(instance: string | undefined, backend: string): Promise<KeptServersList>;
  /** Removes a server; `lasts` tells whether it stays removed after a reload. Throws haproxy's refusals: `conflict` when it is still used at the deadline. */
  remove(
    instance: string | undefined,
    name: ServerName,
    wish: RemovalWish,
  ): Promise<{ readonly instance: string; readonly lasts: boolean }>;
}

export interface AdditionsDeps {
  readonly instances: Instances;
  readonly lasting: LastingServers;
  readonly clock: Clock;
}

const retryMs = 200;

/** Makes the verbs. */
export function createAdditions(deps: AdditionsDeps): Additions {
  const { instances, lasting, clock } = deps;
  return {
    async add(wanted, server, wantsKept) {
      refuseServerName({ backend: server.backend, server: server.name });
      const { name: instance, channel, loadBalancer } = await instances.find(wanted);
      const add = () => register(channel, server);
      if (loadBalancer !== undefined) {
        return { instance, lasting: await lasting.add(loadBalancer, server, wantsKept, add) };
      }
      await add();
      const reason = 'its configuration is not ours';
      return { instance, lasting: { kept: false, reason } };
    },

    async kept(wanted, backend) {
      const { loadBalancer } = await instances.find(wanted);
      if (loadBalancer === undefined) return { servers: [] };
      const { servers, ...rest } = await lasting.kept(loadBalancer);
      return { ...rest, servers: servers.filter((server) => server.backend === backend) };
    },

    async remove(wanted, name, wish) {
      refuseServerName(name);
      const found = await instances.find(wanted);
      // Nothing is changed of a server that is not there.
      await readServer(found.channel, name);
      const deadlineMs = clock.monotonic() + wish.timeoutMs;
      if (wish.drain) await drainFirst(clock, found.channel, name, deadlineMs);
      await change(found.channel, name, 'set server state', 'set', 'server', name, 'state', 'maint');
      for (;;) {
        try {
          return { instance: found.name, lasts: await removeNow(deps, found, name) };
        } catch (thrown) {
          if (!isAgentError(thrown) || !isUse(thrown.fault) || clock.monotonic() >= deadlineMs) throw thrown;
        }
        await clock.sleep(retryMs);
      }
    },
  };
}

function isUse(fault: { readonly code: string; readonly said?: string } | undefined): boolean {
  return fault?.code === 'conflict' && fault.said?.startsWith('Server still has connections') === true;
}

async function removeNow(
  { lasting }: AdditionsDeps,
  { channel, loadBalancer }: Instance,
  { backend, server }: ServerName,
): Promise<boolean> {
  const remove = async (): Promise<void> => {
    const name = { backend, server };
    await change(channel, name, 'del server', 'del', 'server', name);
  };
  if (loadBalancer !== undefined) return lasting.remove(loadBalancer, { backend, name: server }, remove);
  await remove();
  return false;
}

/** A server begins in maintenance with its checks off; `enable health` is refused where it has none. */
async function register(channel: Channel, server: AddedServer): Promise<void> {
  const name = { backend: server.backend, server: server.name };
  const words = [name, addressWord(server), ...addedServerWords(server)];
  await change(channel, name, 'add server', 'add', 'server', ...words);
  try {
    if (server.check) await change(channel, name, 'enable health', 'enable', 'health', name);
    await change(channel, name, 'enable server', 'enable', 'server', name);
  } catch (thrown) {
    await channel.write(runtimeCommand('del', 'server', name)).catch(() => undefined);
    throw thrown;
  }
}

async function drainFirst(
  clock: Clock,
  channel: Channel,
  name: ServerName,
  deadlineMs: number,
): Promise<void> {
  await change(channel, name, 'set server state', 'set', 'server', name, 'state', 'drain');
  while (clock.monotonic() < deadlineMs) {
    const { column } = (await readServer(channel, name)).server;
    if (Number(column('scur')) === 0 && Number(column('qcur')) === 0) return;
    await clock.sleep(retryMs);
  }
}

async function change(
  channel: Channel,
  name: ServerName,
  kind: CommandKind,
  ...parts: readonly CommandPart[]
): Promise<void> {
  requireSuccess(kind, await channel.write(runtimeCommand(...parts)), name);
}
