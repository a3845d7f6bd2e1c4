// Takes away what a killed agent, or a killed haproxy, left of work that was never acknowledged: temporary files,
// candidates, removed directories, sockets that were being made. Runs before anything else of this agent writes.
// Source: DESIGN "On disk".
//
// INVARIANTS:
// - only names that we or haproxy give to such things, and only where we put them;
// - nothing is entered through a link;
// - what cannot be removed is told and keeps nobody from the rest.

import { basename, dirname, join } from 'node:path';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import { isAgentError, messageOf } from '../model/errors';
import { isLoadBalancerId, isLowerUuid } from '../model/ids';
import { isDiscardedName, isTemporaryName, pidOfSocketLeftover } from '../model/leftover';

export interface LeftoversDeps {
  readonly files: Files;
  readonly log: Log;
  readonly runner: Pick<ProcessRunner, 'identify'>;
  readonly roots: HaproxyRoots;
  /** Files outside these directories that the agent replaces: the server certificate, agent.conf. */
  readonly others: readonly string[];
}

type IsLeftover = (name: string) => boolean | Promise<boolean>;

const candidates: ReadonlySet<string> = new Set([
  'haproxy.cfg.candidate',
  'live.cfg.candidate',
  'overlay.cfg.candidate',
]);

/** Removes all leftovers; resolves with their paths. Never throws for one of them. */
export async function sweepLeftovers(deps: LeftoversDeps): Promise<readonly string[]> {
  const { files, runner, roots, log } = deps;
  const swept: string[] = [];

  async function safely(what: string, job: () => Promise<void>): Promise<void> {
    try {
      await job();
    } catch (thrown) {
      const detail = isAgentError(thrown) ? thrown.detail : undefined;
      log.warning('leftovers cannot be removed', { path: what, error: messageOf(thrown), detail });
    }
  }

  /** Removes what matches in a directory, and with it one that held nothing else; an empty one only where told. */
  const sweep = (
    directory: string,
    isLeftover: IsLeftover,
    emptied: 'stays' | 'goes' | 'goes when empty before',
  ): Promise<void> =>
    safely(directory, async () => {
      if ((await files.stat(directory))?.kind !== 'directory') return;
      const names = await files.list(directory);
      const before = swept.length;
      for (const name of names) {
        if (!(await isLeftover(name))) continue;
        await files.remove(join(directory, name));
        swept.push(join(directory, name));
      }
      const count = swept.length - before;
      if (emptied === 'stays' || count < names.length) return;
      // Empty, under a name that anybody might choose: it may be somebody else's.
      if (count === 0 && emptied === 'goes') return;
      await files.remove(directory);
      swept.push(directory);
    });

  const isDeadSocket = async (name: string): Promise<boolean> => {
    const pid = pidOfSocketLeftover(name);
    return pid !== undefined && (await runner.identify(pid)) === undefined;
  };
  const isOurs = async (name: string): Promise<boolean> =>
    isTemporaryName(name) || candidates.has(name) || (await isDeadSocket(name));
  const idsIn = async (directory: string): Promise<readonly string[]> =>
    (await files.stat(directory))?.kind === 'directory'
      ? (await files.list(directory)).filter(isLoadBalancerId)
      : [];

  await sweep(
    roots.basePath,
    async (name) => isTemporaryName(name) || isDiscardedName(name) || (await isDeadSocket(name)),
    'stays',
  );
  for (const root of new Set([roots.basePath, roots.runtimeDir, roots.certDir])) {
    await safely(root, async () => {
      for (const id of await idsIn(root))
        await sweep(join(root, id), isOurs, isLowerUuid(id) ? 'goes when empty before' : 'goes');
    });
  }
  for (const path of deps.others) {
    await sweep(dirname(path), (name) => isTemporaryName(name, basename(path)), 'stays');
  }
  return swept;
}

/** Removes the state of an upload whose configuration was never stored, with its directory when nothing else is in it; true when there was one. */
export async function removeUnborn(
  { files, roots }: Pick<LeftoversDeps, 'files' | 'roots'>,
  id: Parameters<typeof haproxyPaths>[1],
): Promise<boolean> {
  const paths = haproxyPaths(roots, id);
  const names = await files.list(paths.directory);
  if (!names.includes('state.json') || (await files.stat(paths.statsSocket)) !== undefined) return false;
  // What a refused or an earlier upload left for debugging makes no load balancer.
  const isNothing = (name: string): boolean =>
    name === 'state.json' || name === 'haproxy.cfg.rejected' || name.startsWith('state.json.corrupt-');
  if (!names.every(isNothing)) return false;
  await files.remove(paths.state);
  if (names.length === 1) await files.remove(paths.directory);
  return true;
}
