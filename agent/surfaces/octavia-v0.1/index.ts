// The original amphora API, v0.1: one haproxy process group per listener.

import type { Router } from 'express';
import { createDialectRouter, type RouteContext } from '../../http/route';
import { errorReply, methodNotAllowedReply, notFoundReply } from './errors';
import { amphoraRoutes, type AmphoraRoutesDeps } from './routes/amphora';
import { certificateRoutes, type CertificateRoutesDeps } from './routes/certificates';
import { listenerRoutes, type ListenerRoutesDeps } from './routes/listeners';
import { plugRoutes, type PlugRoutesDeps } from './routes/plug';
import { vrrpRoutes, type VrrpRoutesDeps } from './routes/vrrp';

/** Makes the router of the dialect. */
export function createOctaviaV01(
  deps: AmphoraRoutesDeps & CertificateRoutesDeps & ListenerRoutesDeps & PlugRoutesDeps & VrrpRoutesDeps,
  context: RouteContext,
): Router {
  return createDialectRouter(
    {
      routes: [
        ...amphoraRoutes(deps),
        ...certificateRoutes(deps),
        ...listenerRoutes(deps),
        ...plugRoutes(deps),
        ...vrrpRoutes(deps),
      ],
      prefixes: ['/v0.1'],
      slashes: 'lenient',
      errorReply,
      notFoundReply,
      methodNotAllowedReply,
    },
    context,
  );
}
