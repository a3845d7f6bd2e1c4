// Instances, their facts and statistics, one server, readiness. Source: contract/runtime.md 6.3 to 6.6, 6.10.

import type { Additions } from '../../../core/runtime/additions';
import type { Overview } from '../../../core/runtime/overview';
import { json, type Reply } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { runtimeError } from '../../../model/runtime-fault';
import { bothForms, instanceOf, prefix } from '../both-forms';
import type { ErrorReplies } from '../errors';
import { extraPhrases } from '../extras-language';
import { infoBody, instanceBody, readinessBody, statBody } from '../extras-wire';
import { tellError } from '../tell-error';
import { failure, serverBody, success } from '../wire';

export interface OverviewRoutesDeps extends Pick<ErrorReplies, 'languageFor' | 'errorReply'> {
  readonly overview: Overview;
  readonly additions: Pick<Additions, 'kept'>;
}

const types = ['frontend', 'backend', 'server', 'listener'] as const;

/** Makes the rows. */
export function overviewRoutes(deps: OverviewRoutesDeps): readonly Route[] {
  const { overview } = deps;
  return [
    {
      method: 'GET',
      path: `${prefix}/instances`,
      body: 'none',
      handle: (request) => instances(deps, request),
    },
    ...bothForms({
      method: 'GET',
      path: '/info',
      body: 'none',
      handle: async ({ params }) => {
        const { instance, facts } = await overview.info(instanceOf(params));
        return json(200, success(200, infoBody(instance, facts)));
      },
    }),
    ...bothForms({
      method: 'GET',
      path: '/stats',
      body: 'none',
      handle: (request) => stats(deps, request),
    }),
    ...bothForms({
      method: 'GET',
      path: '/backends/:backend/servers/:server',
      body: 'none',
      handle: (request) => server(deps, request),
    }),
    ...bothForms({
      method: 'GET',
      path: '/health',
      body: 'none',
      handle: (request) => readiness(deps, request),
    }),
  ];
}

async function instances(
  { overview, errorReply }: OverviewRoutesDeps,
  request: RouteRequest,
): Promise<Reply> {
  const list = (await overview.instances()).map((view) =>
    instanceBody(view, 'error' in view.facts ? tellError(errorReply, view.facts.error, request) : {}),
  );
  return json(200, success(200, { instances: list, count: list.length }));
}

async function stats({ overview }: OverviewRoutesDeps, { params, query }: RouteRequest): Promise<Reply> {
  const asked = query.get('type') ?? undefined;
  const type = types.find((each) => each === asked);
  if (type !== asked) {
    throw runtimeError({ code: 'invalid_request', field: 'type', expected: types.join(', ') });
  }
  const found = await overview.stats(instanceOf(params), type, query.get('proxy') ?? undefined);
  const rows = found.rows.map(({ column }) => statBody(found.names, column));
  return json(200, success(200, { instance: found.instance, stats: rows, count: rows.length }));
}

async function server({ overview, additions }: OverviewRoutesDeps, { params }: RouteRequest): Promise<Reply> {
  const { backend = '', server: name = '' } = params;
  const found = await overview.server(instanceOf(params), { backend, server: name });
  const { servers } = await additions.kept(found.instance, backend);
  const data = {
    instance: found.instance,
    backend,
    server: serverBody(found.server),
    counters: statBody(found.names, found.server.column),
    persisted_addition: servers.some((each) => each.name === name),
  };
  return json(200, success(200, data));
}

/** 503 when a backend that has servers has none that is up. */
async function readiness(
  { overview, languageFor }: OverviewRoutesDeps,
  request: RouteRequest,
): Promise<Reply> {
  const { instance, backends } = await overview.readiness(instanceOf(request.params));
  const data = readinessBody(instance, backends);
  const down = [...backends].filter(([, { up, total }]) => total > 0 && up === 0).map(([name]) => name);
  if (down.length === 0) return json(200, success(200, data));
  const text = extraPhrases[languageFor(request)].notReady(down);
  return json(503, { ...failure(503, 'not_ready', text, { backends: down }), data });
}
