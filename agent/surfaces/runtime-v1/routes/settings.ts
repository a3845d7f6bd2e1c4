// Weight, checks, and one action for many servers. Source: contract/runtime.md 6.2, 6.8, 6.9.

import type { Settings } from '../../../core/runtime/settings';
import { json } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { readAction } from '../action';
import { bothForms, instanceOf } from '../both-forms';
import type { ErrorReplies } from '../errors';
import { extraPhrases } from '../extras-language';
import { readHealth, readServers, readWeight } from '../extras-requests';
import { tellError } from '../tell-error';
import { failure, success } from '../wire';

export interface SettingsRoutesDeps extends Pick<ErrorReplies, 'languageFor' | 'errorReply'> {
  readonly settings: Settings;
}

const nameOf = ({ params }: RouteRequest) => ({
  backend: params['backend'] ?? '',
  server: params['server'] ?? '',
});

/** Makes the rows. */
export function settingsRoutes(deps: SettingsRoutesDeps): readonly Route[] {
  const { settings, languageFor } = deps;
  const own = '/backends/:backend/servers/:server';
  return [
    ...bothForms({
      method: 'PUT',
      path: `${own}/weight`,
      body: 'json',
      handle: async (request) => {
        const name = nameOf(request);
        const wanted = readWeight(request.body);
        const { instance, weight, initial } = await settings.setWeight(
          instanceOf(request.params),
          name,
          wanted,
        );
        const { weightSet } = extraPhrases[languageFor(request)];
        return json(200, success(200, { instance, ...name, weight, initial }, weightSet));
      },
    }),
    ...bothForms({
      method: 'PUT',
      path: `${own}/health`,
      body: 'json',
      handle: async (request) => {
        const name = nameOf(request);
        const wish = readHealth(request.body);
        const { instance } = await settings.setHealth(instanceOf(request.params), name, wish);
        const { healthSet } = extraPhrases[languageFor(request)];
        return json(200, success(200, { instance, ...name, ...wish }, healthSet));
      },
    }),
    ...bothForms({
      method: 'POST',
      path: '/backends/:backend/action',
      body: 'json',
      handle: (request) => actOnMany(deps, request),
    }),
  ];
}

async function actOnMany({ settings, languageFor, errorReply }: SettingsRoutesDeps, request: RouteRequest) {
  const { backend = '' } = request.params;
  const action = readAction(request.body);
  const servers = readServers(request.body);
  const { instance, results } = await settings.setStates(
    instanceOf(request.params),
    backend,
    servers,
    action,
  );
  const list = results.map(({ server, error }) =>
    error === undefined
      ? { server, status: 'completed' }
      : { server, status: 'failed', ...tellError(errorReply, error, request) },
  );
  const failed = list.filter(({ status }) => status === 'failed').map(({ server }) => server);
  const data = { instance, backend, action, results: list, count: list.length };
  if (failed.length === 0) return json(200, success(200, data));
  const text = extraPhrases[languageFor(request)].someFailed(failed.length, list.length);
  return json(207, { ...failure(207, 'partial', text, { failed }), data });
}
