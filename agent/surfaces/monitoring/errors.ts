// Domain errors to those who watch: a status and one word. Nothing here fails for another reason than a bug, or a
// machine that cannot be read.

import { json, type Reply } from '../../http/reply';
import { statusOf } from '../../http/status-of';
import type { AgentError } from '../../model/errors';

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
