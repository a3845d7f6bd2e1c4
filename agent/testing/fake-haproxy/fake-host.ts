// A host with a fake haproxy on it: everything is the given host's but haproxy's program, processes and sockets, and no
// other program is ever started: what asks for one is told that it is not there (ENOENT).

import type { AgentHost } from '../../boot/wire-host';
import type { Config } from '../../config/options';
import type { FakeHaproxy } from './fake-haproxy';

export interface FakeHost {
  readonly host: AgentHost;
  readonly haproxy: FakeHaproxy;
}

/** Puts a fake haproxy on a host. Another agent that is started over the same fake host finds what the first one left running. */
export declare function createFakeHost(real: AgentHost): FakeHost;

/** What `startAgent` gets of a configuration over a fake host: no namespace, and no process manager but the agent itself. */
export declare function withFakeHaproxy(config: Config): Config;
