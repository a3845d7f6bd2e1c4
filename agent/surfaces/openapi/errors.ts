// Domain errors at the document's address: what little can go wrong there is told as the app itself tells things.

import { json, type Reply } from '../../http/reply';
import type { AgentError, ErrorKind } from '../../model/errors';

const statusOf: Readonly<Record<ErrorKind, number>> = {
  'not-found': 404,
  'already-exists': 409,
  'invalid-input': 400,
  'too-large': 413,
  conflict: 409,
  'version-mismatch': 409,
  'config-rejected': 400,
  'reload-failed': 500,
  precondition: 409,
  unauthorized: 401,
  forbidden: 403,
  unsupported: 501,
  unavailable: 503,
  'no-space': 507,
  timeout: 504,
  internal: 500,
};

/** Answers a domain error; an internal one says nothing of its cause. */
export function errorReply({ kind, message, detail }: AgentError): Reply {
  if (kind === 'internal') return json(500, { message: 'Internal Server Error' });
  return json(statusOf[kind], detail === undefined ? { message } : { message, details: detail });
}

/** Answers an unknown path. */
export function notFoundReply(path: string): Reply {
  return json(404, { message: 'Not Found', details: `No such path: ${path}` });
}

/** Answers a known path with another method. */
export function methodNotAllowedReply(method: string): Reply {
  return json(405, { message: 'Method Not Allowed', details: `${method} is not allowed here` });
}
