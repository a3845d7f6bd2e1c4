// How many connections the agent can hold and still do its work: haproxy's sockets, files, children and pipes need
// descriptors too. Source: proc(5), /proc/<pid>/limits; DESIGN "Descriptors for haproxy work are reserved".

import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { Caps } from './cap-record';

// 64 for work, and the 32 or so that Node and the agent hold all the time.
const reserved = 96;
// As few as the option itself allows.
const fewest = 4;

/** Lowers the caps to what the limit on descriptors leaves, with one warning. */
export async function affordableCaps(
  wanted: Caps,
  { files, log }: { readonly files: Files; readonly log: Log },
): Promise<Caps> {
  const limits = await files.readHostText('/proc/self/limits');
  const soft = /^Max open files +(\d+)/m.exec(limits ?? '')?.[1];
  if (soft === undefined) return wanted;
  const most = Math.max(fewest, Math.min(wanted.most, Number(soft) - reserved));
  if (most === wanted.most) return wanted;
  log.warning('the limit on open files (RLIMIT_NOFILE) leaves fewer connections than max_connections', {
    openFiles: Number(soft),
    maxConnections: wanted.most,
    connections: most,
  });
  return { most, mostPerClient: Math.min(wanted.mostPerClient, most) };
}
