// One agent per base_path. The lock is an abstract socket named after the directory's device and inode, so that two
// names of one directory are one lock and the kernel frees it whatever ends the agent; the second socket,
// `<base>/agent.sock`, is where commands on this machine find the agent. Source: DESIGN "On disk".

import { join } from 'node:path';
import type { Files } from '../host/files';
import type { LocalConnection, LocalServer, LocalServers } from '../host/sockets';
import { AgentError, isAgentError } from '../model/errors';

export interface InstanceLock {
  /** False when base_path is another directory by now: nobody is kept from that one. */
  holds(): Promise<boolean>;
  release(): Promise<void>;
}

export interface InstanceLockDeps {
  readonly files: Files;
  readonly localServers: LocalServers;
  readonly basePath: string;
  readonly pid: number;
  /** Gets every connection to `agent.sock`. */
  readonly take: (connection: LocalConnection) => void;
}

/** Takes the lock. Throws `already-exists` naming the pid of the agent that has it. */
export async function takeInstanceLock({
  files,
  localServers,
  basePath,
  pid,
  take,
}: InstanceLockDeps): Promise<InstanceLock> {
  const stat = await files.stat(basePath);
  if (stat?.kind !== 'directory')
    throw new AgentError('precondition', `base_path ${basePath} is no directory`);
  const identity = (): string => `${JSON.stringify({ pid })}\n`;
  const abstractName = `\0amphorad-${stat.device}-${stat.inode}`;
  const lock = await hold(localServers, abstractName, identity, basePath);
  const path = join(basePath, 'agent.sock');
  try {
    // Ours to take, whoever left it: the lock is held.
    await files.remove(path);
    const local = await localServers.accept(path, take);
    return {
      async holds() {
        const now = await files.stat(basePath);
        return now?.device === stat.device && now.inode === stat.inode;
      },
      release: () => releaseAll([local, lock]),
    };
  } catch (thrown) {
    await lock.close();
    throw thrown;
  }
}

async function hold(
  localServers: LocalServers,
  name: string,
  identity: () => string,
  basePath: string,
): Promise<LocalServer> {
  try {
    return await localServers.serve(name, identity);
  } catch (cause) {
    if (!isAgentError(cause, 'already-exists')) throw cause;
    const holder = /"pid":(\d+)/.exec((await localServers.ask(name)) ?? '')?.[1] ?? 'unknown';
    throw new AgentError('already-exists', `another agent, pid ${holder}, has base_path ${basePath}`, {
      cause,
    });
  }
}

async function releaseAll(servers: readonly LocalServer[]): Promise<void> {
  for (const server of servers) await server.close();
}
