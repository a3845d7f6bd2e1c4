// What the commands of this machine ask: who runs here and what it finds, and how everything is.

import type { StatusReader } from '../../../core/status';
import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';
import type { AgentReport } from '../../../model/agent-report';

export interface LocalRoutesDeps {
  readonly report: () => Promise<AgentReport>;
  readonly status: StatusReader;
}

/** Lists the rows. */
export function localRoutes(deps: LocalRoutesDeps): readonly Route[] {
  return [
    { method: 'GET', path: '/report', body: 'none', handle: async () => json(200, await deps.report()) },
    { method: 'GET', path: '/status', body: 'none', handle: async () => json(200, await deps.status()) },
  ];
}
