// Every surface on the REST listener, in the order in which they are asked: Octavia's 1.0 comes last, it answers every
// path that no other has.

import type { Router } from 'express';
import type { AgentConfigs } from '../core/agent-config';
import type { ServerCertificate } from '../core/server-certificate';
import type { RouteContext } from '../http/route';
import { servedBy } from '../http/served-by';
import { createOctaviaV01 } from '../surfaces/octavia-v0.1';
import type { Core } from './wire-core';
import type { Monitoring } from './wire-monitoring';
import { wireOctaviaV1 } from './wire-octavia-v1';
import { wireOpenapi, type Catalogue } from './wire-openapi';
import type { RuntimeApi } from './wire-runtime';

export interface DialectParts {
  readonly core: Core;
  readonly configs: AgentConfigs;
  readonly serverCertificate: ServerCertificate;
  readonly monitoring: Pick<Monitoring, 'dialect'>;
  readonly runtime: Pick<RuntimeApi, 'createRouter'>;
  readonly catalogue: Catalogue;
}

/** Builds their routers. */
export function wireDialects(
  { core, configs, serverCertificate, monitoring, runtime, catalogue }: DialectParts,
  context: RouteContext,
): readonly Router[] {
  const { vrrp, topology: topologyControl } = core.pairing;
  const v01 = createOctaviaV01({ ...core, vrrp, topologyControl, serverCertificate }, context);
  return [
    monitoring.dialect,
    servedBy('openapi', wireOpenapi(catalogue.rows, context)),
    servedBy('octavia-v0.1', v01),
    servedBy('runtime-v1', runtime.createRouter(catalogue.mounted)),
    servedBy('octavia-v1.0', wireOctaviaV1(core, serverCertificate, configs, context)),
  ];
}
