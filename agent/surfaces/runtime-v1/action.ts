// The body of an action. A missing content type is forgiven: users of curl forget it. Source: contract of the runtime
// API, 2.3.

import { validators } from '../../generated/validators';
import { parseJson } from '../../http/json-body';
import { runtimeError } from '../../model/runtime-fault';
import { actions } from './schemas';

export type Action = (typeof actions)[number];

/** Reads the action that is wanted. Throws `invalid_request` naming the allowed values. */
export function readAction(body: Buffer): Action {
  const value = parseJson(body);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (validators.runtimeAction(value)) return (value as { readonly action: Action }).action;
  throw runtimeError(
    isObject
      ? { code: 'invalid_request', field: 'action', expected: actions.join(', ') }
      : { code: 'invalid_request', field: 'body', expected: `{"action": "${actions.join('|')}"}` },
  );
}
