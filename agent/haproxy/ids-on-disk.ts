// Which names in base_path are load balancers. UUIDs in lower case always are; any other plain id only as a directory
// with a configuration or a state in it, because others write there too. Source: contract/octavia-1.0.md.

import { join } from 'node:path';
import type { Files } from '../host/files';
import { isLoadBalancerId, isLowerUuid, type LoadBalancerId } from '../model/ids';

const marks = ['haproxy.cfg', 'state.json'];

/** Picks the ids of load balancers among the names in a base_path. */
export async function idsOnDisk(
  files: Pick<Files, 'stat'>,
  basePath: string,
  names: readonly string[],
): Promise<readonly LoadBalancerId[]> {
  const ids = names.filter(isLoadBalancerId);
  const found = await Promise.all(
    ids.map(async (id) => isLowerUuid(id) || isMarked(files, join(basePath, id))),
  );
  return ids.filter((_, index) => found[index]);
}

async function isMarked(files: Pick<Files, 'stat'>, directory: string): Promise<boolean> {
  if ((await files.stat(directory))?.kind !== 'directory') return false;
  for (const mark of marks) {
    if ((await files.stat(join(directory, mark))) !== undefined) return true;
  }
  return false;
}
