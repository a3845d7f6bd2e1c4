// Domain errors at the document's address: what little can go wrong there is told as the app itself tells things.

import { json, type Reply } from '../../http/reply';
import { statusOf } from '../../http/status-of';
import type { AgentError } from '../../model/errors';

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
