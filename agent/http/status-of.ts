// What HTTP itself says for each kind of error. Dialects that older clients know have tables of their own.
// Source: RFC 9110, 15; RFC 4918, 11.5 (507).

import type { ErrorKind } from '../model/errors';

export const statusOf: Readonly<Record<ErrorKind, number>> = {
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
