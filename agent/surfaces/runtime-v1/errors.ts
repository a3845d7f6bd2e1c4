// Domain errors in the words of the runtime API: envelope, stable code, text in the client's language. Source: contract
// of the runtime API, 3.

import { json, type Reply } from '../../http/reply';
import type { Asked, Dialect } from '../../http/route';
import type { AgentError, ErrorKind } from '../../model/errors';
import type { FaultCode, RuntimeFault } from '../../model/runtime-fault';
import { faultText, languageOf, phrases, type Language, type Phrases } from './language';
import { failure } from './wire';

const statusOfFault: Readonly<Record<FaultCode, number>> = {
  invalid_request: 400,
  invalid_name: 400,
  instance_not_found: 404,
  backend_not_found: 404,
  server_not_found: 404,
  socket_level: 502,
  unsupported: 502,
  command_failed: 502,
  conflict: 409,
  unavailable: 503,
  truncated: 503,
  timeout: 503,
  bad_address: 503,
  too_large: 502,
  busy: 503,
};

interface Told {
  readonly status: number;
  readonly code: string;
  readonly text: (phrases: Phrases, error: AgentError) => string;
}

const told = (status: number, code: string): Told => ({
  status,
  code,
  text: (own, { message, detail }) => own.failed(detail === undefined ? message : `${message}: ${detail}`),
});

/** Errors that are no fault of haproxy's socket. */
const toldOfKind: Readonly<Record<ErrorKind, Told>> = {
  'not-found': told(404, 'not_found'),
  'already-exists': told(409, 'already_exists'),
  'invalid-input': {
    status: 400,
    code: 'invalid_request',
    text: (own, { message, detail }) => own.badRequest(detail ?? message),
  },
  'too-large': { status: 413, code: 'body_too_large', text: (own) => own.bodyTooLarge },
  conflict: told(409, 'conflict'),
  'version-mismatch': told(409, 'conflict'),
  'config-rejected': told(400, 'config_rejected'),
  'reload-failed': told(502, 'reload_failed'),
  precondition: told(409, 'conflict'),
  unauthorized: { status: 401, code: 'unauthorized', text: (own) => own.unauthorized },
  forbidden: { status: 403, code: 'forbidden', text: (own) => own.forbidden },
  unsupported: told(501, 'unsupported'),
  unavailable: told(503, 'unavailable'),
  'no-space': told(507, 'no_space'),
  timeout: told(503, 'timeout'),
  internal: { status: 500, code: 'internal', text: (own) => own.internal },
};

export interface ErrorReplies extends Pick<
  Dialect,
  'errorReply' | 'notFoundReply' | 'methodNotAllowedReply'
> {
  readonly languageFor: (asked: Pick<Asked, 'header'>) => Language;
}

/** Makes the replies; `fallback` is the language of who asks for none. */
export function createErrorReplies(fallback: Language): ErrorReplies {
  const languageFor: ErrorReplies['languageFor'] = ({ header }) =>
    languageOf(header('accept-language'), fallback);
  return {
    languageFor,
    errorReply: (error, asked) => {
      const language = languageFor(asked);
      const { fault } = error;
      if (fault !== undefined) return faultReply(fault, asked, language);
      const { status, code, text } = toldOfKind[error.kind];
      const headers = status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
      return json(status, failure(status, code, text(phrases[language], error)), headers);
    },
    notFoundReply: (path, asked) =>
      json(404, failure(404, 'not_found', phrases[languageFor(asked)].notFound(path))),
    methodNotAllowedReply: (method, asked) => {
      const text = phrases[languageFor(asked)].methodNotAllowed(method);
      return json(405, failure(405, 'method_not_allowed', text));
    },
  };
}

function faultReply(fault: RuntimeFault, asked: Asked, language: Language): Reply {
  const isOfHaproxy = 'said' in fault;
  const isMissing = fault.code === 'server_not_found' || fault.code === 'backend_not_found';
  const status = isMissing && isOfHaproxy && !isStrict(asked) ? 502 : statusOfFault[fault.code];
  const code = fault.code === 'truncated' ? 'unavailable' : fault.code;
  return json(status, failure(status, code, faultText(fault, language), detailsOf(fault)));
}

// The document's example has 502 for the action on a server that is not there; all else says 404.
function isStrict({ method, path, query, header }: Asked): boolean {
  const isAction = method === 'POST' && /\/servers\/[^/]+\/action\/?$/.test(path);
  return !isAction || query.get('strict') === '1' || header('x-strict-status') === '1';
}

function detailsOf(fault: RuntimeFault): Readonly<Record<string, unknown>> {
  if (fault.code === 'instance_not_found') return { instances: fault.known };
  if (fault.code === 'invalid_name') return { [fault.what]: fault.name };
  if (fault.code === 'invalid_request') return { field: fault.field, expected: fault.expected };
  if (fault.code === 'backend_not_found') return { backend: fault.backend };
  if (fault.code === 'server_not_found') return { backend: fault.backend, server: fault.server };
  if (fault.code === 'socket_level')
    return { advice: 'haproxy wants "level admin" on its "stats socket" line' };
  return {};
}
