// The original amphora API, v0.1: one haproxy process group per listener.

import type { Router } from 'express';
import { createDialectRouter, type Route, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply } from './errors';
import { amphoraRoutes, type AmphoraRoutesDeps } from './routes/amphora';
import { certificateRoutes, type CertificateRoutesDeps } from './routes/certificates';
import { listenerRoutes, type ListenerRoutesDeps } from './routes/listeners';
import { plugRoutes, type PlugRoutesDeps } from './routes/plug';
import { vrrpRoutes, type VrrpRoutesDeps } from './routes/vrrp';

export type OctaviaV01Deps = AmphoraRoutesDeps &
  CertificateRoutesDeps &
  ListenerRoutesDeps &
  PlugRoutesDeps &
  VrrpRoutesDeps;

/** Lists all rows, in the order in which they are tried. */
export function octaviaV01Routes(deps: OctaviaV01Deps): readonly Route[] {
  return [
    ...amphoraRoutes(deps),
    ...certificateRoutes(deps),
    ...listenerRoutes(deps),
    ...plugRoutes(deps),
    ...vrrpRoutes(deps),
  ];
}

/** Makes the router of the dialect. */
export function createOctaviaV01(deps: OctaviaV01Deps, context: RouteContext): Router {
  return createDialectRouter(
    {
      routes: octaviaV01Routes(deps),
      prefixes: ['/v0.1'],
      slashes: 'lenient',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
