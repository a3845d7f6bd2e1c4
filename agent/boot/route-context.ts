// What the routes of every dialect share: limits on bodies and the memory for them, the log, and why nothing may change.

import type { AgentConfigs } from '../core/agent-config';
import type { RouteContext } from '../http/route';
import { createUploads } from '../http/uploads';
import type { Core } from './wire-core';
import type { HostWithLog } from './wire-host';

const uploadsAtOnce = 4;

/** Builds it once: the memory for bodies is one for all dialects. */
export function routeContext(
  configs: AgentConfigs,
  { pairing }: Core,
  { log, clock }: HostWithLog,
): RouteContext {
  const { max_config_bytes, max_pem_bytes, max_json_bytes } = configs.current().amphorad;
  const limits = { config: max_config_bytes, pem: max_pem_bytes, json: max_json_bytes };
  const uploads = createUploads(clock, uploadsAtOnce * max_config_bytes);
  return { limits, log, uploads, refuseChange: () => pairing.topology.refuseChange() };
}
