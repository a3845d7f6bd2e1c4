// Notices that the role in VRRP has changed, and that nobody tells it. Source: contract/vrrp.md section 4 "Notify script".

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { VrrpState as VrrpRole } from '../model/vrrp';
import type { ServiceProcess } from '../supervisor/service';

export interface RoleWatch {
  /** Looks once at the keepalived that lives, if any, and tells a change. */
  look(process: ServiceProcess | undefined, changed: (role: VrrpRole | undefined) => void): Promise<void>;
  /** Since when a living keepalived has not told its role; undefined while all is well. */
  silentSinceMs(): number | undefined;
}

export interface RoleWatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly role: (process: ServiceProcess) => Promise<VrrpRole | undefined>;
  /** Whether the notify script has told the state of the keepalived that lives. */
  readonly hasTold: () => Promise<boolean>;
}

/** Makes it; no role is known yet. */
export function createRoleWatch({ clock, log, role, hasTold }: RoleWatchDeps): RoleWatch {
  let known: VrrpRole | undefined;
  let silentSinceMs: number | undefined;
  return {
    async look(process, changed) {
      const now = process === undefined ? undefined : await role(process);
      const isSilent = process !== undefined && !(await hasTold());
      silentSinceMs = isSilent ? (silentSinceMs ?? clock.monotonic()) : undefined;
      if (now === known) return;
      log.info('role in VRRP', { from: known ?? 'none', to: now ?? 'none' });
      known = now;
      changed(now);
    },
    silentSinceMs: () => silentSinceMs,
  };
}
