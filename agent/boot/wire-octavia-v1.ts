// Builds Octavia's 1.0 dialect over the core. What another part of the agent gives later is here in one place.

import type { AgentConfigs } from '../core/agent-config';
import { createListeners } from '../core/listeners';
import type { ServerCertificate } from '../core/server-certificate';
import type { DialectRouter, RouteContext } from '../http/route';
import { createOctaviaV10 } from '../surfaces/octavia-v1.0';
import type { Core } from './wire-core';

/** Builds the dialect's router. */
export function wireOctaviaV1(
  core: Core,
  serverCertificate: ServerCertificate,
  agentConfig: AgentConfigs,
  context: RouteContext,
): DialectRouter {
  const udpListeners = core.udp.listeners;
  const listeners = createListeners({ ...core, udpListeners });
  const { vrrp } = core.pairing;
  return createOctaviaV10(
    { ...core, listeners, udpListeners, vrrp, serverCertificate, agentConfig },
    context,
  );
}
