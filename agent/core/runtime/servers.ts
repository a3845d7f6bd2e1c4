// Backends and servers of one haproxy as they are now, and what operators want of a server. Source: contract of the
// runtime API, 2.1 to 2.3.

import type { ServerName } from '../../haproxy/runtime/command';
import type { StatRow } from '../../haproxy/runtime/show-stat';
import type { ServerMode } from '../../haproxy/runtime/show-servers-state';

/** A server with all that `show stat` says of it. */
export interface RuntimeServer {
  /** A column of `show stat` by its name, '' where the version has none or the cell is empty. */
  readonly column: StatRow['column'];
  /** What an operator, a tracked server, DNS or the configuration has made of it. */
  readonly adminState: ServerMode;
  /** The first word of the status, in lower case. */
  readonly operationalState: string;
}

/** A backend's servers, and whose. */
export interface BackendServers {
  readonly instance: string;
  readonly backend: string;
  readonly servers: readonly RuntimeServer[];
}

export interface RuntimeServers {
  /** Names of the backends, in haproxy's order. */
  backends(
    instance: string | undefined,
  ): Promise<{ readonly instance: string; readonly backends: readonly string[] }>;
  /** The servers of a backend, in haproxy's order. Throws `invalid_name`, `backend_not_found`. */
  servers(instance: string | undefined, backend: string): Promise<BackendServers>;
  /** Sets what is wanted of a server; a repetition succeeds too. Throws `invalid_name`, and haproxy's refusals: `server_not_found`, `backend_not_found`, `socket_level`, `unsupported`, `command_failed`. */
  setState(
    instance: string | undefined,
    name: ServerName,
    state: ServerMode,
  ): Promise<{ readonly instance: string }>;
}
