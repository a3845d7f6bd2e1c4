// Keeps haproxy's own log files bounded: with `log stdout` traffic lines go there too. haproxy appends, so a file
// that is emptied in place goes on at its start.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { isAgentError, messageOf } from '../model/errors';
import type { LoadBalancers } from './load-balancers';

export interface HaproxyLogsDeps {
  readonly files: Files;
  readonly log: Log;
  readonly clock: Clock;
  readonly roots: HaproxyRoots;
  readonly loadBalancers: Pick<LoadBalancers, 'ids'>;
}

const periodMs = 10_000;
const mostBytes = 4 * 1024 * 1024;

/** Looks at the logs every 10 s until aborted, and empties those over 4 MiB. */
export function boundHaproxyLogs(deps: HaproxyLogsDeps, signal: AbortSignal): void {
  deps.clock.every(periodMs, signal, () => void trimSafely(deps));
}

async function trimSafely(deps: HaproxyLogsDeps): Promise<void> {
  try {
    await trimHaproxyLogs(deps);
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    deps.log.warning('haproxy logs are not bounded', { error: messageOf(thrown) });
  }
}

/** Empties every log over 4 MiB once. */
export async function trimHaproxyLogs({
  files,
  log,
  roots,
  loadBalancers,
}: Omit<HaproxyLogsDeps, 'clock'>): Promise<void> {
  for (const id of await loadBalancers.ids()) {
    const path = haproxyPaths(roots, id).log;
    const bytes = (await files.stat(path))?.size ?? 0;
    if (bytes <= mostBytes) continue;
    await files.truncate(path);
    log.warning('haproxy log emptied, it was too long', { loadBalancer: id, bytes });
  }
}
