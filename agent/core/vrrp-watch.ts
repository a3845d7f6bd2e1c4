// Looks after the pair's keepalived: one that ended though it should run is started again with back-off, its addresses
// taken away at once so that no two amphorae have them, and a change of its role is told when it happens.
// Source: contract/vrrp.md, pitfall 6; DESIGN "Watch".

import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import type { VrrpState as VrrpRole } from '../model/vrrp';
import { nextTry } from '../supervisor/restart-policy';
import type { ServiceProcess } from '../supervisor/service';
import { findingsOf } from './vrrp-findings';
import { createRoleWatch, type RoleWatchDeps } from './vrrp-role-watch';

export interface VrrpWatch {
  /** Runs a job that brings keepalived up, and watches the process that comes of it. */
  through(job: () => Promise<ServiceProcess>): Promise<void>;
  /** Watches it no more. */
  release(): void;
  /** Has one that could not be brought up tried again. */
  retry(): void;
  /** Looks until aborted. */
  start(signal: AbortSignal, act: VrrpActs): void;
  findings(): readonly Finding[];
}

export interface VrrpActs {
  /** Brings it up under its gate. */
  readonly restart: () => Promise<void>;
  /** Takes away the addresses that a killed one has left. */
  readonly cleanUp: () => Promise<void>;
  readonly roleChanged: (role: VrrpRole | undefined) => void;
}

export interface VrrpWatchDeps extends RoleWatchDeps {
  readonly isAlive: (process: ServiceProcess) => boolean;
}

export interface WatchedKeepalived {
  readonly process: ServiceProcess | undefined;
  readonly sinceMs: number;
  readonly failures: number;
  /** When it is started again; undefined while it lives. */
  readonly dueMs?: number;
}

const periodMs = 500;

/** Makes a watch that knows no process yet. */
export function createVrrpWatch({ clock, log, isAlive, role, hasTold }: VrrpWatchDeps): VrrpWatch {
  let watched: WatchedKeepalived | undefined;
  let isTrying = false;
  const once = oneAtATime(log);
  const roles = createRoleWatch({ clock, log, role, hasTold });

  function failed(before: WatchedKeepalived): void {
    const now = clock.monotonic();
    const upMs = before.process === undefined ? 0 : now - before.sinceMs;
    const { failures, waitMs } = nextTry(before.failures, upMs);
    watched = { process: undefined, sinceMs: now, failures, dueMs: now + waitMs };
    log.warning('keepalived does not run, it will be started again', { failures, waitMs });
  }

  async function again({ restart }: VrrpActs): Promise<void> {
    isTrying = true;
    try {
      await restart();
      // It is not wanted any more: nothing was brought up.
      if (watched?.dueMs !== undefined) watched = undefined;
    } catch (thrown) {
      const detail = isAgentError(thrown) ? thrown.detail : undefined;
      log.error('keepalived not started', { error: messageOf(thrown), detail });
      if (watched !== undefined) failed(watched);
    } finally {
      isTrying = false;
    }
  }

  async function look(acts: VrrpActs): Promise<void> {
    const before = watched;
    if (before !== undefined && !isTrying) {
      if (isDead(isAlive, before)) {
        failed(before);
        await clean(log, acts);
      } else if (before.dueMs !== undefined && before.dueMs <= clock.monotonic()) await again(acts);
    }
    await roles.look(watched?.process, acts.roleChanged);
  }

  return {
    async through(job) {
      const before = watched;
      const isNew = !isTrying;
      if (isNew) watched = undefined;
      const process = await job().catch((thrown: unknown) => {
        // What ran before and may have died over this is looked after again.
        if (isNew) watched = before;
        throw thrown;
      });
      watched = { process, sinceMs: clock.monotonic(), failures: isNew ? 0 : (before?.failures ?? 0) };
    },
    release: () => void (watched = undefined),
    retry: () => {
      if (watched === undefined) failed({ process: undefined, sinceMs: 0, failures: 0 });
    },
    start: (signal, acts) => clock.every(periodMs, signal, () => void once(() => look(acts))),
    findings: () => findingsOf(watched, roles.silentSinceMs(), clock.monotonic()),
  };
}

function isDead(isAlive: VrrpWatchDeps['isAlive'], { process }: WatchedKeepalived): boolean {
  try {
    return process !== undefined && !isAlive(process);
  } catch (thrown) {
    // A /proc that cannot be read for a moment says nothing.
    if (isAgentError(thrown)) return false;
    throw thrown;
  }
}

async function clean(log: Log, { cleanUp }: VrrpActs): Promise<void> {
  try {
    await cleanUp();
  } catch (thrown) {
    log.error('addresses of a killed keepalived may be left', { error: messageOf(thrown) });
  }
}

/** A look that comes while the one before is still under way is left out. */
function oneAtATime(log: Log): (look: () => Promise<void>) => Promise<void> {
  let isLooking = false;
  return async (look) => {
    if (isLooking) return;
    isLooking = true;
    try {
      await look();
    } catch (thrown) {
      log.warning('keepalived cannot be looked at', { error: messageOf(thrown) });
    } finally {
      isLooking = false;
    }
  };
}
