// Drains that wait: their beginning, for the row of the action, and the rows of what goes on meanwhile.
// Source: contract/runtime.md 6.1.

import type { Drained, Drains } from '../../../core/runtime/drains';
import type { Operation } from '../../../core/runtime/operations';
import { json, type Reply } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { bothForms, instanceOf, prefix } from '../both-forms';
import { extraPhrases } from '../extras-language';
import { isSet, type Wait } from '../extras-requests';
import { operationBody } from '../extras-wire';
import type { Language } from '../language';
import { success } from '../wire';

export interface DrainRoutesDeps {
  readonly drains: Drains;
  readonly languageFor: (request: Pick<RouteRequest, 'header'>) => Language;
}

/** Makes the rows. */
export function drainRoutes({ drains, languageFor }: DrainRoutesDeps): readonly Route[] {
  return [
    ...bothForms({
      method: 'GET',
      path: '/operations/:operation',
      body: 'none',
      handle: (request) => {
        const { operation = '' } = request.params;
        return told(200, drains.get(instanceOf(request.params), operation), languageFor(request));
      },
    }),
    ...bothForms({
      method: 'DELETE',
      path: '/operations/:operation',
      body: 'none',
      handle: async (request) => {
        const { operation = '' } = request.params;
        const ended = await drains.cancel(instanceOf(request.params), operation);
        return told(200, ended, languageFor(request));
      },
    }),
  ];
}

/** Begins a drain and answers at once with where it can be followed, or with `?sync=1` when it has ended. */
export async function beginWait(
  { drains, languageFor }: DrainRoutesDeps,
  request: RouteRequest,
  wait: Wait,
): Promise<Reply> {
  const { backend = '', server = '' } = request.params;
  const begun = await drains.begin(instanceOf(request.params), { backend, server }, wait);
  const language = languageFor(request);
  if (isSet(request.query, 'sync')) return told(200, await drains.ended(begun.id, request.gone), language);
  const location = `${prefix}/${begun.progress.instance}/operations/${begun.id}`;
  return told(202, begun, language, { Location: location });
}

function told(
  status: number,
  operation: Operation<Drained>,
  language: Language,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const { cookieWarning, draining, drainEnded } = extraPhrases[language];
  const message = status === 202 ? draining : drainEnded[operation.state];
  return json(status, success(status, operationBody(operation, cookieWarning), message), headers);
}
