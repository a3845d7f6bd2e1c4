// The calls of the package's door for one amphora, apart from what they are made of: its types stay inside.

import type { Amphora, AmphoraOptions } from './amphora';
import { startAmphoraOn } from './amphora-on-ground';
import { createHarnessHost } from './harness-host';
import { openHealthManager } from './health-manager';
import type { HealthManager } from './heartbeats';

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
