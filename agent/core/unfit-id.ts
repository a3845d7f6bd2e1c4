// Ids under which no load balancer can be made here: the socket's path would be too long for haproxy, a configured
// directory of the agent lies there, or somebody else's files do. Source: contract/octavia-1.0.md, DESIGN "On disk".

import { join } from 'node:path';
import { checkPathLengths, haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { Files } from '../host/files';
import { AgentError, invalidInput } from '../model/errors';
import { isLowerUuid, quote, type LoadBalancerId } from '../model/ids';
import { isTemporaryName } from '../model/leftover';

/** Throws `invalid-input` or `conflict` for an id that a new load balancer cannot have. A UUID was made for it, and is only measured. */
export async function refuseUnfitId(files: Files, roots: HaproxyRoots, id: LoadBalancerId): Promise<void> {
  checkPathLengths(roots, id.length);
  if (isLowerUuid(id)) return;
  const directory = join(roots.basePath, id);
  const isOnTheWay = [roots.certDir, roots.runtimeDir].some((own) => `${own}/`.startsWith(`${directory}/`));
  if (isOnTheWay) {
    throw invalidInput('Invalid request', `${quote(id)} is a directory of the agent itself`);
  }
  const kind = (await files.stat(directory))?.kind;
  if (kind === undefined) return;
  const { config, rejected, candidate, overlay, state, log } = haproxyPaths(roots, id);
  const ours = [config, rejected, candidate, overlay, `${overlay}.candidate`, state, log];
  const names = kind === 'directory' ? await files.list(directory) : [];
  const isOurs = (name: string): boolean =>
    ours.includes(join(directory, name)) || isTemporaryName(name) || name.startsWith('state.json.corrupt-');
  if (kind === 'directory' && names.every(isOurs)) return;
  throw new AgentError('conflict', `${quote(id)} cannot be made`, {
    detail: `${directory} is there already and is no load balancer's`,
  });
}
