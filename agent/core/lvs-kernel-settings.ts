// Settings of the kernel's load balancer (`net.ipv4.vs.*`) exist in a namespace only once ip_vs is loaded, which the first
// keepalived with a service does: what was set at the agent's start missed them. Source: the kernel's ipvs-sysctl.rst.

import type { Log } from '../host/log';
import type { LvsConfig } from '../keepalived/lvs-config';
import { isAgentError, messageOf } from '../model/errors';
import type { Network } from '../network/network';

export interface LvsKernelSettings {
  /** Takes note that a listener serves: the settings are then made once. Never throws what the machine refuses. */
  served(config: LvsConfig): Promise<void>;
}

export interface LvsKernelSettingsDeps {
  readonly log: Log;
  /** Undefined where the namespace is not the agent's. */
  readonly network: Pick<Network, 'ensureNamespace'> | undefined;
}

/** Makes what watches for the first listener that serves. */
export function createLvsKernelSettings({ log, network }: LvsKernelSettingsDeps): LvsKernelSettings {
  let isSettled = network === undefined;
  return {
    async served({ services }) {
      // Without members keepalived leaves ip_vs alone.
      if (isSettled || network === undefined || !services.some(({ members }) => members.length > 0)) return;
      isSettled = true;
      try {
        await network.ensureNamespace();
      } catch (thrown) {
        if (!isAgentError(thrown)) throw thrown;
        isSettled = false;
        log.warning('settings for UDP listeners were not made', { error: messageOf(thrown) });
      }
    },
  };
}
