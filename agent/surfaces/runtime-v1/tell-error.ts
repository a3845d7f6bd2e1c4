// Errors that are part of an answer: one of many servers, one of many instances.

import type { RouteRequest } from '../../http/route';
import type { AgentError } from '../../model/errors';
import type { ErrorReplies } from './errors';

/** Tells an error as the whole answer to a request would. */
export function tellError(
  errorReply: ErrorReplies['errorReply'],
  error: AgentError,
  { query, header }: Pick<RouteRequest, 'query' | 'header'>,
): { readonly code: string; readonly error: string } {
  const { body } = errorReply(error, { method: 'GET', path: '', query, header });
  const told = ('json' in body ? body.json : {}) as { readonly code?: string; readonly error?: string };
  return { code: told.code ?? 'internal', error: told.error ?? '' };
}
