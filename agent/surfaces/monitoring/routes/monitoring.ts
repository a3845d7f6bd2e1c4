// The three rows of the dialect. Their paths are those that Kubernetes and Prometheus ask for by convention.

import type { Metrics } from '../../../core/metrics';
import type { Readiness } from '../../../core/readiness';
import { metricsReply } from '../../../http/metrics';
import type { Route } from '../../../http/route';
import { verdictReply } from '../wire';

export interface MonitoringRoutesDeps {
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

/** Lists the rows. */
export function monitoringRoutes({ metrics, readiness }: MonitoringRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      body: 'none',
      handle: async ({ header }) => metricsReply(await metrics.collect(), header('accept')),
    },
    {
      method: 'GET',
      path: '/livez',
      body: 'none',
      handle: ({ header }) => verdictReply('live', readiness.live(), header('accept')),
    },
    {
      method: 'GET',
      path: '/readyz',
      body: 'none',
      handle: async ({ header }) => verdictReply('ready', await readiness.ready(), header('accept')),
    },
  ];
}
