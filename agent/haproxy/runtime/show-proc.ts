// Reads `show proc` of the master's socket: who is master, who serves, who lingers, and whether the last reload
// failed (2.6's `reload` command answers nothing). Source: HAProxy 2.6 management guide, 9.4.1.

import { AgentError } from '../../model/errors';
import type { RuntimeClient } from './client';

export interface ProcessGroup {
  readonly masterPid: number;
  /** Seconds since the master was started. */
  readonly masterAgeS: number;
  readonly reloads: number;
  /** Reloads that failed since the last good one. */
  readonly failedReloads: number;
  /** Workers of the present configuration. */
  readonly workers: readonly Worker[];
  readonly oldWorkers: readonly Worker[];
}

export interface Worker {
  readonly pid: number;
  /** Reloads since it was started; 0 for one that the last reload started. */
  readonly reloads: number;
  /** Seconds since it was started. */
  readonly ageS: number;
}

/** Asks the master for its process group. */
export async function showProc(client: RuntimeClient): Promise<ProcessGroup> {
  return parseShowProc(await client.command('show proc'));
}

/** Parses the table of `show proc`. Throws `unavailable` when there is no master in it. */
export function parseShowProc(text: string): ProcessGroup {
  const found = { workers: [] as Worker[], oldWorkers: [] as Worker[] };
  let master: Omit<ProcessGroup, 'workers' | 'oldWorkers'> | undefined;
  let old = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) {
      old = line.startsWith('# old workers');
      continue;
    }
    const [pid, kind, reloads, uptime] = line.trim().split(/\s+/);
    if (kind === 'master') {
      master = {
        masterPid: Number(pid),
        // Behind reloads that failed, if any did.
        masterAgeS: secondsOf(/\d+d\d+h\d+m\d+s/.exec(line)?.[0] ?? ''),
        reloads: Number(reloads),
        failedReloads: Number(/\[failed: (\d+)\]/.exec(line)?.[1] ?? 0),
      };
    } else if (kind === 'worker') {
      const worker = { pid: Number(pid), reloads: Number(reloads), ageS: secondsOf(uptime ?? '') };
      (old ? found.oldWorkers : found.workers).push(worker);
    }
  }
  if (master === undefined) {
    throw new AgentError('unavailable', 'haproxy did not answer "show proc"', { detail: text.slice(0, 200) });
  }
  return { ...master, ...found };
}

// `1d02h03m04s`; anything else counts as just started.
function secondsOf(uptime: string): number {
  const [, days, hours, minutes, seconds] = /^(\d+)d(\d+)h(\d+)m(\d+)s$/.exec(uptime) ?? [];
  if (days === undefined) return 0;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}
