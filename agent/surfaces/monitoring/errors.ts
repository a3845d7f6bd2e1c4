// Domain errors to those who watch: a status and one word. Nothing here fails for another reason than a bug, or a
// machine that cannot be read.

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

/** Answers a domain error by its kind alone: its words may name load balancers. */
export function errorReply({ kind }: AgentError): Reply {
  return json(statusOf[kind], { error: kind });
}

/** Answers an unknown path below those of the dialect. */
export function notFoundReply(): Reply {
  return json(404, { error: 'not-found' });
}

/** Answers a known path with another method. */
export function methodNotAllowedReply(method: string): Reply {
  return json(405, { error: `${method} is not allowed here` });
}
