// States kept in memory, so that a list of hundreds costs a look at each file and no reading. One agent alone writes
// them, each write is a new file, and a file that somebody else put there has another inode, size or time.

import type { Files } from '../host/files';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { LoadBalancerId } from '../model/ids';
import type { LoadBalancerState, StateStore } from './state-store';

interface Kept {
  readonly version: string;
  readonly state: LoadBalancerState | undefined;
}

/** Puts a cache before a store; what cannot be read is asked anew each time. */
export function cacheStates(store: StateStore, files: Files, roots: HaproxyRoots): StateStore {
  const kept = new Map<LoadBalancerId, Kept>();
  return {
    async read(id) {
      // Before the reading: a file that changes in between is then read again.
      const stat = await files.stat(haproxyPaths(roots, id).state);
      const version =
        stat?.kind === 'file' ? `${stat.device}:${stat.inode}:${stat.mtimeMs}:${stat.size}` : undefined;
      const found = kept.get(id);
      if (found !== undefined && found.version === version) return found.state;
      kept.delete(id);
      const state = await store.read(id);
      if (version !== undefined) kept.set(id, { version, state });
      return state;
    },
    async write(id, state) {
      // Also when it fails; two writes within one tick of the file system's clock may look the same.
      kept.delete(id);
      await store.write(id, state);
      kept.delete(id);
    },
  };
}
