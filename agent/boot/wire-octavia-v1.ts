// Builds Octavia's 1.0 dialect over the core. What another part of the agent gives later is here in one place.

import type { Router } from 'express';
import { createListeners } from '../core/listeners';
import type { ServerCertificate } from '../core/server-certificate';
import type { RouteContext } from '../http/route';
import { unsupported } from '../model/errors';
import { createOctaviaV10 } from '../surfaces/octavia-v1.0';
import { noUdpListeners } from './no-udp-listeners';
import type { Core } from './wire-core';

/** Builds the dialect's router. */
export function wireOctaviaV1(
  core: Core,
  serverCertificate: ServerCertificate,
  context: RouteContext,
): Router {
  const udpListeners = noUdpListeners();
  const listeners = createListeners({ ...core, udpListeners });
  const agentConfig = { replace: () => Promise.reject(unsupported('PUT /1.0/config')) };
  return createOctaviaV10({ ...core, listeners, udpListeners, serverCertificate, agentConfig }, context);
}
