// Domain errors in v0.1's words. Source: contract/amphora-v0.1.md "Common rules" and the messages of each endpoint.

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
export function errorReply(error: AgentError): Reply {
  return json(statusOf[error.kind], bodyOf(error));
}

/** Answers an unknown path. */
export function notFoundReply(path: string): Reply {
  return json(404, { message: 'Not Found', details: `No such path: ${path}` });
}

/** Answers a known path with another method. */
export function methodNotAllowedReply(method: string): Reply {
  return json(405, { message: 'Method Not Allowed', details: `${method} is not allowed here` });
}

interface ErrorBody {
  readonly message: string;
  readonly details?: string;
}

function bodyOf(error: AgentError): ErrorBody {
  if (error.subject?.what === 'load balancer' || error.subject?.what === 'UDP listener') {
    return { message: 'Listener Not Found', details: `No listener with UUID: ${error.subject.id}` };
  }
  if (error.subject?.what === 'certificate') {
    return {
      message: 'Certificate Not Found',
      details: `No certificate with file name: ${error.subject.id}`,
    };
  }
  if (error.subject?.what === 'interface') {
    return { message: 'Error interface not found for IP address' };
  }
  if (error.kind === 'not-found' && error.subject?.what === 'network interface') {
    return { message: 'No suitable network interface found' };
  }
  if (error.kind === 'config-rejected') return withDetails('Invalid request', error.detail);
  if (error.kind === 'internal') return { message: 'Internal Server Error' };
  return withDetails(error.message, error.detail);
}

function withDetails(message: string, details: string | undefined): ErrorBody {
  return details === undefined ? { message } : { message, details };
}
