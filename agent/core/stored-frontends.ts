// The frontends of a stored configuration, read once per stored text: one of 10,000 members takes half a second.

import { readFrontends, type Frontend } from '../haproxy/config/sections';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { Files } from '../host/files';
import type { LoadBalancerId } from '../model/ids';
import type { LoadBalancers } from './load-balancers';

/** Reads the frontends of a load balancer's configuration. Throws `not-found`. */
export type StoredFrontends = (id: LoadBalancerId) => Promise<readonly Frontend[]>;

export interface StoredFrontendsDeps {
  readonly files: Files;
  readonly roots: HaproxyRoots;
  readonly loadBalancers: Pick<LoadBalancers, 'config'>;
}

/** Makes the reader. */
export function createStoredFrontends({ files, roots, loadBalancers }: StoredFrontendsDeps): StoredFrontends {
  const known = new Map<
    LoadBalancerId,
    { readonly version: string; readonly frontends: readonly Frontend[] }
  >();
  return async (id) => {
    const stat = await files.stat(haproxyPaths(roots, id).config);
    const version = stat === undefined ? '' : `${stat.inode}:${stat.mtimeMs}:${stat.size}`;
    const found = known.get(id);
    if (found?.version === version && version !== '') return found.frontends;
    known.delete(id);
    const frontends = readFrontends(await loadBalancers.config(id));
    known.set(id, { version, frontends });
    return frontends;
  };
}
