// Domain errors for the commands of this machine: `message`, `details` and the kind itself.

import { json, type Reply } from '../../http/reply';
import { statusOf } from '../../http/status-of';
import type { AgentError } from '../../model/errors';

/** Answers a domain error; an internal one says nothing of its cause. */
export function errorReply({ kind, message, detail }: AgentError): Reply {
  if (kind === 'internal') return json(500, { kind, message: 'Internal error' });
  return json(statusOf[kind], { kind, message, ...(detail === undefined ? {} : { details: detail }) });
}

/** Answers an unknown path. */
export function notFoundReply(path: string): Reply {
  return json(404, { kind: 'not-found', message: `No such path: ${path}` });
}

/** Answers a known path with another method. */
export function methodNotAllowedReply(method: string): Reply {
  return json(405, { kind: 'unsupported', message: `${method} is not allowed here` });
}
