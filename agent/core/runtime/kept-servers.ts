// Servers that were added at run time and are to stay: kept beside the upload, which is another dialect's and is never
// touched, and carried into the copy of it that haproxy reads. Source: contract/runtime.md 6.7.
//
// INVARIANTS:
// - callers of all but `read` and `findings` hold the gate of the load balancer;
// - no activation fails because of a kept server: what does not pass with them is tried without them;
// - the upload has the last word: a server that it names, or whose backend it no longer has, is forgotten.

import { validators } from '../../generated/validators';
import { withoutOwnWord, withServerLines, type AddedServer } from '../../haproxy/added-servers';
import type { EffectiveConfig } from '../../haproxy/overlay';
import { haproxyPaths, type HaproxyPaths, type HaproxyRoots } from '../../haproxy/paths';
import type { Files } from '../../host/files';
import type { Log } from '../../host/log';
import { isAgentError, messageOf } from '../../model/errors';
import type { Finding } from '../../model/finding';
import type { LoadBalancerId } from '../../model/ids';
import { readKeptJson } from '../kept-json';
import { addedServersSchemaNumber } from './added-servers-schema';

export type { AddedServer };

export interface KeptServersList {
  readonly servers: readonly AddedServer[];
  /** What haproxy said against them at the last activation, which went without them. */
  readonly leftOut?: string;
}

/** What haproxy shall read, and what came of its check. */
export interface Carried<T> {
  readonly effective: EffectiveConfig;
  readonly checked: T;
  readonly kept: KeptServersList;
}

export interface KeptServers {
  /** Lists them; none when the file cannot be read, which the log says. */
  read(paths: HaproxyPaths): Promise<KeptServersList>;
  /** Replaces the list, durably. Throws `no-space`, `unavailable`, `version-mismatch` where a newer agent has written. */
  write(paths: HaproxyPaths, kept: KeptServersList): Promise<void>;
  /** Has `check` judge a configuration with the kept servers in it and, when it refuses that (`config-rejected`, `reload-failed`), without them. */
  carry<T>(
    paths: HaproxyPaths,
    effective: EffectiveConfig,
    check: (effective: EffectiveConfig) => Promise<T>,
  ): Promise<Carried<T>>;
  /** Records what an activation has made of them. Never throws for the disk: the next activation finds the same. */
  settle(paths: HaproxyPaths, kept: KeptServersList): Promise<void>;
  /** Load balancers that run without theirs. */
  findings(ids: readonly LoadBalancerId[]): Promise<readonly Finding[]>;
}

export interface KeptServersDeps {
  readonly files: Files;
  readonly log: Log;
  readonly roots: HaproxyRoots;
}

const none: KeptServersList = { servers: [] };

/** Makes the keeper. */
export function createKeptServers({ files, log, roots }: KeptServersDeps): KeptServers {
  async function read({ runtimeServers: path }: HaproxyPaths): Promise<KeptServersList> {
    try {
      const found = await readKeptJson(files, path, addedServersSchemaNumber);
      if (found === undefined) return none;
      if (validators['runtime-servers'](found.value)) {
        const { servers, leftOut } = found.value as KeptServersList;
        return leftOut === undefined ? { servers } : { servers, leftOut };
      }
      log.warning('no servers are in this file', { path });
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      log.warning('servers added at run time cannot be read', { path, error: messageOf(thrown) });
    }
    return none;
  }

  async function write({ runtimeServers: path }: HaproxyPaths, kept: KeptServersList): Promise<void> {
    // Throws where a newer agent has written.
    await readKeptJson(files, path, addedServersSchemaNumber);
    if (kept.servers.length === 0) {
      if ((await files.stat(path)) !== undefined) await files.remove(path);
      return;
    }
    const content = { schema: addedServersSchemaNumber, ...kept };
    await files.writeAtomic(path, `${JSON.stringify(content, undefined, 2)}\n`, 0o600);
  }

  return {
    read,
    write,

    carry: async (paths, effective, check) => carry((await read(paths)).servers, effective, check),

    async settle(paths, kept) {
      try {
        const before = await read(paths);
        if (JSON.stringify(before) === JSON.stringify(kept)) return;
        tell(log, paths, before, kept);
        await write(paths, kept);
      } catch (thrown) {
        if (!isAgentError(thrown)) throw thrown;
        const { runtimeServers: path } = paths;
        log.warning('servers added at run time not recorded', { path, error: messageOf(thrown) });
      }
    },

    async findings(ids) {
      const lists = await Promise.all(
        ids.map(async (id) => ({ id, ...(await read(haproxyPaths(roots, id))) })),
      );
      return lists.flatMap(({ id, servers, leftOut }) =>
        leftOut === undefined ? [] : [notCarried(id, servers, leftOut)],
      );
    },
  };
}

async function carry<T>(
  wanted: readonly AddedServer[],
  effective: EffectiveConfig,
  check: (effective: EffectiveConfig) => Promise<T>,
): Promise<Carried<T>> {
  const servers = withoutOwnWord(effective.text, wanted);
  if (servers.length === 0) return { effective, checked: await check(effective), kept: none };
  const withThem = { ...effective, text: withServerLines(effective.text, servers) };
  try {
    return { effective: withThem, checked: await check(withThem), kept: { servers } };
  } catch (thrown) {
    if (!isAgentError(thrown, 'config-rejected') && !isAgentError(thrown, 'reload-failed')) throw thrown;
    const checked = await check(effective);
    return { effective, checked, kept: { servers, leftOut: thrown.detail ?? thrown.message } };
  }
}

const nameOf = ({ backend, name }: AddedServer): string => `${backend}/${name}`;

function tell(log: Log, { directory }: HaproxyPaths, before: KeptServersList, after: KeptServersList): void {
  const stays = new Set(after.servers.map(nameOf));
  const forgotten = before.servers.map(nameOf).filter((name) => !stays.has(name));
  if (forgotten.length > 0)
    log.info('servers added at run time forgotten: the configuration has the last word', {
      directory,
      servers: forgotten,
    });
  if (after.leftOut !== undefined && after.leftOut !== before.leftOut)
    log.warning('servers added at run time left out: haproxy refuses the configuration with them', {
      directory,
      servers: [...stays],
      detail: after.leftOut,
    });
}

function notCarried(id: LoadBalancerId, servers: readonly AddedServer[], leftOut: string): Finding {
  const names = servers.map(nameOf).join(', ');
  return {
    check: 'runtime-servers',
    severity: 'warning',
    what: `load balancer ${id} runs without the servers that were added at run time: ${names}`,
    why: `haproxy refuses its configuration with them: ${leftOut.slice(0, 500)}`,
    todo: 'remove them (DELETE …/backends/{backend}/servers/{server}) or upload a configuration that has them',
  };
}
