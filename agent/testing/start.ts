// The calls of the harness kit: one amphora, or the receiver that several share.

import type { Amphora, AmphoraOptions } from './amphora';
import { createHarnessHost } from './harness-host';
import { openHealthManager } from './health-manager';
import type { HealthManager } from './heartbeats';
import { startAmphoraOn } from './start-amphora';

/**
 * Starts an agent with haproxy, throw-away certificates and a receiver of its heartbeats; resolves when it answers. Throws
 * with what is missing or wrong, and leaves nothing behind then.
 */
export function startAmphora(options: AmphoraOptions = {}): Promise<Amphora> {
  return startAmphoraOn(options, { host: createHarnessHost(process.env), heartbeatAfterMs: () => 0 });
}

/** Starts a receiver of heartbeats that amphorae can share. */
export function startHealthManager(): Promise<HealthManager> {
  return openHealthManager(createHarnessHost({}));
}
