// What an operator should know of the pair's keepalived. Pure.

import type { Finding } from '../model/finding';
import type { WatchedKeepalived } from './vrrp-watch';

// A cold start is MASTER or BACKUP within 4 s.
const longestSilenceMs = 15_000;
const loopFrom = 3;

/** Tells what is wrong; `silentSinceMs`: since when a living keepalived has not told its role. */
export function findingsOf(
  watched: WatchedKeepalived | undefined,
  silentSinceMs: number | undefined,
  nowMs: number,
): readonly Finding[] {
  if (watched === undefined) return [];
  const { failures, dueMs } = watched;
  const isSilent = silentSinceMs !== undefined && nowMs - silentSinceMs >= longestSilenceMs;
  return [
    ...(dueMs === undefined ? [] : [down(failures)]),
    ...(dueMs === undefined && failures >= loopFrom ? [looping(failures)] : []),
    ...(isSilent ? [silent(nowMs - silentSinceMs)] : []),
  ];
}

function down(failures: number): Finding {
  return {
    check: 'vrrp',
    severity: 'error',
    what: `keepalived does not run, though it should: ${failures} attempts in a row ended`,
    why: 'this amphora cannot take the VIP over, and no heartbeats are sent',
    todo: 'read octavia-keepalived.log in the vrrp directory of base_path; it is tried again by itself',
  };
}

function looping(failures: number): Finding {
  return {
    check: 'vrrp',
    severity: 'warning',
    what: `keepalived runs again after ${failures} ends in a row`,
    why: 'each end moves the VIP or takes it away for a moment',
    todo: 'find out who ends it: octavia-keepalived.log, the log of the kernel (out of memory)',
  };
}

function silent(ms: number): Finding {
  return {
    check: 'vrrp-role',
    severity: 'warning',
    what: `keepalived runs and has told no role for ${Math.floor(ms / 1_000)} s`,
    why: 'the role that the agent reports is not known: details say that this amphora is not active',
    todo: 'see that notify.sh in the vrrp directory is root’s and 0755, with its whole path; then reload keepalived',
  };
}
