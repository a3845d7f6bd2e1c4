// The ground under everything: the real implementations of the host seams.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { LocalHttp } from '../host/local-http';
import type { Log } from '../host/log';
import { createNodeClock } from '../host/node/clock';
import { createNodeFiles } from '../host/node/files';
import { createNodeLocalHttp } from '../host/node/local-http';
import { createNodeLocalServers } from '../host/node/local-servers';
import { createNodeStreamSockets } from '../host/node/stream-exchange';
import { createNodeProcessRunner } from '../host/node/process';
import { createNodeSystem } from '../host/node/system';
import { createNodeUdp } from '../host/node/udp';
import { createNodeUnixSockets } from '../host/node/unix-socket';
import { createNodeVitals } from '../host/node/vitals';
import type { ProcessRunner } from '../host/process';
import type { LocalServers, StreamSockets, Udp, UnixSockets } from '../host/sockets';
import type { System } from '../host/system';
import type { Vitals } from '../host/vitals';

export interface Host {
  readonly files: Files;
  readonly clock: Clock;
  readonly system: System;
  readonly sockets: UnixSockets;
  readonly runner: ProcessRunner;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HostWithLog extends Host {
  readonly log: Log;
}

/** What a whole agent stands on: beside what its core needs, the sockets by which it is found and kept single, and by which it reaches others. */
export interface AgentHost extends Host {
  readonly localServers: LocalServers;
  readonly udp: Udp;
  readonly streams: StreamSockets;
  readonly vitals: Vitals;
}

/** What commands stand on that ask the agent that runs. */
export interface CommandHost extends AgentHost {
  readonly localHttp: LocalHttp;
}

/** Makes the host of a command. */
export function commandHost(host: AgentHost): CommandHost {
  return { ...host, localHttp: createNodeLocalHttp() };
}

/** Makes the real host; `env` is the agent's own environment. */
export function createNodeHost(env: Environment): AgentHost {
  return {
    files: createNodeFiles(),
    clock: createNodeClock(),
    system: createNodeSystem(),
    sockets: createNodeUnixSockets(),
    runner: createNodeProcessRunner({ env }),
    localServers: createNodeLocalServers(),
    udp: createNodeUdp(),
    streams: createNodeStreamSockets(),
    vitals: createNodeVitals(),
  };
}
