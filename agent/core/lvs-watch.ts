// Keepalived processes that should run and died are started again with back-off; their services in the kernel serve on
// meanwhile, without health checks. Source: DESIGN "Watch".

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { Finding } from '../model/finding';
import { isAgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { nextTry } from '../supervisor/restart-policy';
import type { ServiceProcess } from '../supervisor/service';

export interface LvsWatch {
  /** Runs a job that brings a listener up, and watches the process that comes of it. */
  through(id: LoadBalancerId, job: () => Promise<ServiceProcess>): Promise<void>;
  /** Watches a listener no more. */
  release(id: LoadBalancerId): void;
  /** Has a listener that could not be brought up tried again. */
  retry(id: LoadBalancerId): void;
  /** Looks every second until aborted; `restart` brings one up under its gate. */
  start(signal: AbortSignal, restart: (id: LoadBalancerId) => Promise<void>): void;
  findings(): readonly Finding[];
}

export interface LvsWatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly isAlive: (process: ServiceProcess) => boolean;
}

interface Watched {
  readonly process: ServiceProcess | undefined;
  readonly sinceMs: number;
  readonly failures: number;
  /** When it is started again; undefined while it lives. */
  readonly dueMs?: number;
}

const periodMs = 1_000;

/** Makes a watch that knows no listener yet. */
export function createLvsWatch({ clock, log, isAlive }: LvsWatchDeps): LvsWatch {
  const watched = new Map<LoadBalancerId, Watched>();
  const trying = new Set<LoadBalancerId>();

  function failed(id: LoadBalancerId, before: Watched): void {
    const now = clock.monotonic();
    const { failures, waitMs } = nextTry(
      before.failures,
      before.process === undefined ? 0 : now - before.sinceMs,
    );
    watched.set(id, { process: undefined, sinceMs: now, failures, dueMs: now + waitMs });
    log.warning('keepalived does not run, it will be started again', { listener: id, failures, waitMs });
  }

  async function again(id: LoadBalancerId, restart: (id: LoadBalancerId) => Promise<void>): Promise<void> {
    trying.add(id);
    try {
      await restart(id);
      // It is not wanted any more: nothing was brought up.
      if (watched.get(id)?.dueMs !== undefined) watched.delete(id);
    } catch (thrown) {
      const detail = isAgentError(thrown) ? thrown.detail : undefined;
      log.error('keepalived not started', { listener: id, error: messageOf(thrown), detail });
      const before = watched.get(id);
      // Nobody waits for one that is gone.
      if (isAgentError(thrown, 'not-found')) watched.delete(id);
      else if (before !== undefined) failed(id, before);
    } finally {
      trying.delete(id);
    }
  }

  function look(restart: (id: LoadBalancerId) => Promise<void>): void {
    const now = clock.monotonic();
    for (const [id, each] of watched) {
      if (trying.has(id)) continue;
      if (isDead(isAlive, each)) failed(id, each);
      else if (each.dueMs !== undefined && each.dueMs <= now) void again(id, restart);
    }
  }

  return {
    async through(id, job) {
      const before = watched.get(id);
      const isNew = !trying.has(id);
      if (isNew) watched.delete(id);
      const process = await job().catch((thrown: unknown) => {
        // What ran before and may have died over this is looked after again.
        if (isNew && before !== undefined) watched.set(id, before);
        throw thrown;
      });
      const failures = isNew ? 0 : (before?.failures ?? 0);
      watched.set(id, { process, sinceMs: clock.monotonic(), failures });
    },
    release: (id) => watched.delete(id),
    retry: (id) => {
      if (watched.has(id)) return;
      failed(id, { process: undefined, sinceMs: 0, failures: 0 });
    },
    start: (signal, restart) => clock.every(periodMs, signal, () => look(restart)),
    findings: () =>
      [...watched].flatMap(([id, { dueMs, failures }]) =>
        dueMs === undefined ? [] : [finding(id, failures)],
      ),
  };
}

function isDead(isAlive: LvsWatchDeps['isAlive'], { process }: Watched): boolean {
  try {
    return process !== undefined && !isAlive(process);
  } catch (thrown) {
    // A /proc that cannot be read for a moment says nothing.
    if (isAgentError(thrown)) return false;
    throw thrown;
  }
}

function finding(id: LoadBalancerId, failures: number): Finding {
  return {
    check: 'udp-listener',
    severity: 'error',
    what: `keepalived of UDP listener ${id} does not run, though it should: ${failures} attempts in a row ended`,
    why: 'nobody checks its members, or it does not serve at all',
    todo: 'read its log in the lvs directory of base_path; it is tried again by itself',
  };
}
