// Domain errors in the words of Octavia's 1.0 API: handlers say `message` and `details`, its framework `error` and
// `http_code`. Source: contract/octavia-1.0.md "Transport", "Endpoints"; the statuses at which controllers'
// check_exception() sees a failure: 400, 401, 403, 404, 405, 409, 500 and 503. Any other it takes for success.

import { json, text, type Reply } from '../../http/reply';
import type { AgentError, ErrorKind } from '../../model/errors';

const statusOf: Readonly<Record<ErrorKind, number>> = {
  'not-found': 404,
  'already-exists': 409,
  'invalid-input': 400,
  'too-large': 400,
  conflict: 409,
  'version-mismatch': 409,
  'config-rejected': 400,
  'reload-failed': 500,
  precondition: 409,
  unauthorized: 401,
  forbidden: 403,
  unsupported: 500,
  unavailable: 503,
  'no-space': 500,
  timeout: 500,
  internal: 500,
};

/** Answers a domain error; an internal one says nothing of its cause. */
export function errorReply(error: AgentError): Reply {
  if (error.kind === 'internal') return frameworkReply(500);
  return json(statusOf[error.kind], bodyOf(error));
}

// In the words of Werkzeug, on which the real agent stands: controllers log them, and what compares both finds them equal.
const frameworkErrors = {
  404: 'Not Found: The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
  405: 'Method Not Allowed: The method is not allowed for the requested URL.',
  500: 'Internal Server Error: The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.',
} as const;

function frameworkReply(status: keyof typeof frameworkErrors): Reply {
  return json(status, { error: `${status} ${frameworkErrors[status]}`, http_code: status });
}

/** Answers a body that has not what its row needs, as the framework below the real agent does. */
export function badRequestReply(description: string): Reply {
  return json(400, { error: `400 Bad Request: ${description}`, http_code: 400 });
}

/** Answers an unknown path. As JSON: of any other 404 controllers think that the agent is not ready, and retry for minutes. */
export function notFoundReply(): Reply {
  return frameworkReply(404);
}

/** Answers a known path with another method. */
export function methodNotAllowedReply(): Reply {
  return frameworkReply(405);
}

/** Answers OPTIONS; what is allowed stands in the header. */
export function optionsReply(): Reply {
  return text(200, '', { 'Content-Type': 'text/html; charset=utf-8' });
}

interface ErrorBody {
  readonly message?: string;
  readonly details?: string;
}

const missing: Readonly<Record<string, (id: string) => ErrorBody>> = {
  'load balancer': (id) => ({
    message: 'Loadbalancer Not Found',
    details: `No loadbalancer with UUID: ${id}`,
  }),
  'UDP listener': (id) => ({
    message: 'UDP Listener Not Found',
    details: `No UDP listener with UUID: ${id}`,
  }),
  certificate: (id) => ({
    message: 'Certificate Not Found',
    details: `No certificate with filename: ${id}`,
  }),
  interface: () => ({ message: 'Error interface not found for IP address' }),
  // Controllers look for this text and try again.
  'network interface': () => ({ details: 'No suitable network interface found' }),
};

function bodyOf({ kind, message, detail, subject }: AgentError): ErrorBody {
  const words = subject === undefined || kind !== 'not-found' ? undefined : missing[subject.what];
  if (subject !== undefined && words !== undefined) return words(subject.id);
  if (kind === 'config-rejected') return { message: 'Invalid request', details: detail ?? message };
  return detail === undefined ? { message } : { message, details: detail };
}
