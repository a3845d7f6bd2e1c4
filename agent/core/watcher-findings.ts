// What the watcher has to tell an operator, in the words of doctor, status and log.

import type { Finding } from '../model/finding';
import type { WatchedGroup } from './watched-group';
import type { WatcherDeps } from './watcher';

const shownLines = 3;

/** Lists what is wrong with the groups that should run. */
export async function findGroupProblems(
  groups: readonly WatchedGroup[],
  deps: Pick<WatcherDeps, 'clock' | 'state' | 'descriptors' | 'hangTimeoutMs' | 'restartHung'>,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const group of groups) {
    if (group.health === 'down') {
      found.push(downFinding(group, deps.clock.monotonic()));
      continue;
    }
    if (group.health === 'hung') found.push(hungFinding(group, deps));
    if (await runsFallback(group, deps)) found.push(fallbackFinding(group));
    const shortfall = deps.descriptors.of(group.id);
    if (shortfall !== undefined) found.push(descriptorFinding(group, shortfall));
  }
  return found;
}

async function runsFallback({ id }: WatchedGroup, { state }: Pick<WatcherDeps, 'state'>): Promise<boolean> {
  // A state that cannot be read is found by who looks after states.
  const known = await state.read(id).catch(() => undefined);
  return known?.running?.fallback === true;
}

function downFinding(group: WatchedGroup, nowMs: number): Finding {
  const { id, failures, restart, words } = group;
  const [what = '', ...printed] = words.split('\n');
  const shown = printed.filter((line) => line.trim() !== '').slice(-shownLines);
  const waitS = Math.max(0, Math.round(((restart?.atMs ?? nowMs) - nowMs) / 1_000));
  const next = restart === undefined ? 'none is planned' : `in ${waitS} s`;
  return {
    check: 'haproxy-down',
    severity: 'error',
    what: [
      `haproxy of load balancer ${id} is down: it ${what === '' ? 'died' : what}; failures in a row: ${failures}, next start: ${next}`,
      ...(shown.length === 0 ? [] : [`its last words: ${shown.join(' | ')}`]),
    ].join('; '),
    why: 'its listeners take no traffic until it comes up',
    todo: 'repair what its last words name (crash.log beside its configuration has more of them); a start over the API tries at once',
  };
}

function hungFinding(
  { id, process }: WatchedGroup,
  { hangTimeoutMs, restartHung }: Pick<WatcherDeps, 'hangTimeoutMs' | 'restartHung'>,
): Finding {
  return {
    check: 'haproxy-hung',
    severity: 'error',
    what: `haproxy of load balancer ${id} (process ${process?.pid ?? 0}) lives and has not answered for ${hangTimeoutMs / 1_000} s`,
    why: 'it may serve no traffic, and can be neither reloaded nor measured',
    todo: restartHung
      ? 'nothing: the agent restarts it'
      : 'look whether it is stopped or starved; stop and start it over the API, or set [amphorad] restart_hung',
  };
}

function fallbackFinding({ id }: WatchedGroup): Finding {
  return {
    check: 'haproxy-fallback',
    severity: 'warning',
    what: `load balancer ${id} runs an older configuration: the stored one did not come up`,
    why: 'the last accepted change is not in force',
    todo: 'reload it over the API to see why the stored configuration does not come up',
  };
}

function descriptorFinding(
  { id }: WatchedGroup,
  { wanted, limit }: { readonly wanted: number; readonly limit: number },
): Finding {
  return {
    check: 'haproxy-descriptors',
    severity: 'warning',
    what: `haproxy of load balancer ${id} asks for ${wanted} file descriptors and has ${limit}`,
    why: 'it refuses connections when it runs out of them, before its maxconn is reached',
    todo: 'raise the hard limit of descriptors (LimitNOFILE) under which the agent starts it, or lower maxconn',
  };
}
