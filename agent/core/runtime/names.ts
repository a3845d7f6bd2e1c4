// Names of backends and servers that come from outside. Source: contract/runtime.md 4.

import { isPlainName, type ServerName } from '../../haproxy/runtime/command';
import { runtimeError } from '../../model/runtime-fault';

/** Refuses (`invalid_name`) a backend that haproxy could not have. */
export function requireBackendName(backend: string): void {
  if (!isPlainName(backend)) throw runtimeError({ code: 'invalid_name', what: 'backend', name: backend });
}

/** Refuses (`invalid_name`) a server that haproxy could not have. */
export function requireServerName({ backend, server }: ServerName): void {
  requireBackendName(backend);
  if (!isPlainName(server)) throw runtimeError({ code: 'invalid_name', what: 'server', name: server });
}
