// What can go wrong when haproxy's runtime socket is used on somebody's behalf: a closed union, so that every fault is
// told in every language. Source: contract of the runtime API, 3.1 "Error table".

import { AgentError, type ErrorKind } from './errors';

export type RuntimeFault =
  | { readonly code: 'invalid_request'; readonly field: string; readonly expected: string }
  | { readonly code: 'invalid_name'; readonly what: 'backend' | 'server'; readonly name: string }
  | {
      readonly code: 'instance_not_found';
      /** Undefined: none was named, and none stands for all. */
      readonly name: string | undefined;
      readonly known: readonly string[];
    }
  | { readonly code: 'backend_not_found'; readonly backend: string; readonly said?: string }
  | {
      readonly code: 'server_not_found';
      readonly backend: string;
      readonly server: string;
      readonly said?: string;
    }
  /** haproxy refused, in its own words without the dot at their end. */
  | {
      readonly code: 'socket_level' | 'unsupported' | 'command_failed' | 'conflict';
      readonly said: string;
    }
  /** No haproxy behind the socket, in the system's words. */
  | { readonly code: 'unavailable'; readonly said: string }
  /** The answer ended before its end. */
  | { readonly code: 'truncated'; readonly bytes: number }
  /** `connecting` over TCP, or waiting for the answer. */
  | { readonly code: 'timeout'; readonly while: 'connecting' | 'waiting' }
  | { readonly code: 'bad_address'; readonly said: string; readonly isPort: boolean }
  | { readonly code: 'too_large'; readonly mostBytes: number }
  | { readonly code: 'busy'; readonly waitedMs: number };

export type FaultCode = RuntimeFault['code'];

const kindOf: Readonly<Record<FaultCode, ErrorKind>> = {
  invalid_request: 'invalid-input',
  invalid_name: 'invalid-input',
  instance_not_found: 'not-found',
  backend_not_found: 'not-found',
  server_not_found: 'not-found',
  socket_level: 'forbidden',
  unsupported: 'unsupported',
  command_failed: 'precondition',
  conflict: 'conflict',
  unavailable: 'unavailable',
  truncated: 'unavailable',
  timeout: 'timeout',
  bad_address: 'unavailable',
  too_large: 'unavailable',
  busy: 'unavailable',
};

/** Makes the error of a fault. */
export function runtimeError(fault: RuntimeFault, cause?: unknown): AgentError {
  const said = 'said' in fault ? `: ${fault.said}` : '';
  return new AgentError(kindOf[fault.code], `haproxy runtime: ${fault.code}${said}`, { fault, cause });
}
