// Octavia's amphora API 1.0: one haproxy process group per load balancer, with many listeners in it.

import type { Router } from 'express';
import { createDialectRouter, type Route, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply, optionsReply } from './errors';
import { amphoraRoutes, type AmphoraRoutesDeps } from './routes/amphora';
import { certificateRoutes, type CertificateRoutesDeps } from './routes/certificates';
import { listenerRoutes, type ListenerRoutesDeps } from './routes/listeners';
import { loadBalancerRoutes, type LoadBalancerRoutesDeps } from './routes/load-balancers';
import { plugRoutes, type PlugRoutesDeps } from './routes/plug';
import { vrrpRoutes, type VrrpRoutesDeps } from './routes/vrrp';

export type OctaviaV10Deps = AmphoraRoutesDeps &
  CertificateRoutesDeps &
  ListenerRoutesDeps &
  LoadBalancerRoutesDeps &
  PlugRoutesDeps &
  VrrpRoutesDeps;

/** Lists all rows, in the order in which they are tried. */
export function octaviaV10Routes(deps: OctaviaV10Deps): readonly Route[] {
  return [
    ...amphoraRoutes(deps),
    ...certificateRoutes(deps),
    ...loadBalancerRoutes(deps),
    ...listenerRoutes(deps),
    ...plugRoutes(deps),
    ...vrrpRoutes(deps),
  ];
}

/** Makes the router of the dialect. It comes last: every path that no other dialect knows is an unknown path of this one. */
export function createOctaviaV10(deps: OctaviaV10Deps, context: RouteContext): Router {
  return createDialectRouter(
    {
      routes: octaviaV10Routes(deps),
      prefixes: [''],
      slashes: 'strict',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
      optionsReply,
    },
    context,
  );
}
