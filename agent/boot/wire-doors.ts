// Where requests come in: the REST listener and what is mounted on it, the listeners beside it, the local socket.

import type { Config } from '../config/options';
import type { InstanceLock } from '../core/instance-lock';
import { affordableCaps } from '../http/affordable';
import { createApp } from '../http/app';
import type { Caps } from '../http/cap-record';
import { createConnections } from '../http/connections';
import { createAgentServer, type AgentServer } from '../http/server';
import type { TlsMaterial } from '../http/tls';
import type { AgentOptions } from './agent';
import { restPart, serverOptions } from './rest-listener';
import { routeContext } from './route-context';
import type { Access } from './wire-access';
import type { Core } from './wire-core';
import { wireDialects } from './wire-dialects';
import { wireHeartbeat } from './wire-heartbeat';
import type { AgentHost, HostWithLog } from './wire-host';
import type { LocalSocket } from './wire-local';
import { wireMonitoring } from './wire-monitoring';
import { createCatalogue } from './wire-openapi';
import { wireRuntime, type RuntimeApi } from './wire-runtime';

export interface DoorsDeps {
  readonly config: Config;
  readonly host: HostWithLog & AgentHost;
  readonly options: AgentOptions;
  readonly core: Core;
  readonly lock: InstanceLock;
  readonly local: LocalSocket;
  readonly access: Access;
  readonly material: TlsMaterial;
}

export interface Doors {
  readonly server: AgentServer;
  readonly rest: ReturnType<typeof restPart>;
  readonly runtime: RuntimeApi;
  readonly heartbeats: ReturnType<typeof wireHeartbeat>;
  readonly monitoring: ReturnType<typeof wireMonitoring>;
}

/** Builds them; nothing listens yet but the local socket. Throws `invalid-input` for a token that cannot be used. */
export async function wireDoors(deps: DoorsDeps): Promise<Doors> {
  const { config, host, options, core, lock, local, access, material } = deps;
  const connections = createConnections({ ...host, ...(await affordableCaps(capsOf(config), host)) });
  core.findings.add('clients', () => access.findings());
  core.findings.add('connections', () => connections.findings());
  const runtime = await wireRuntime(config, core, host);
  const heartbeats = wireHeartbeat(core, host, options.configs, options.heartbeatAfterMs);
  const catalogue = createCatalogue();
  const undocumented = routeContext(options.configs, core, host);
  const context = { ...undocumented, mounted: catalogue.mounted };
  const monitoring = wireMonitoring(
    { core, host, config, configs: options.configs, heartbeats, connections, access, lock },
    context,
  );
  local.mount(runtime.createRouter());
  const listener = createApp({
    ...host,
    connections,
    identify: access.identify,
    observe: monitoring.observe,
    dialects: [
      // Not in the document: what they serve is the harness's.
      ...(options.furtherDialects?.(undocumented) ?? []),
      ...wireDialects({ core, ...options, ...access, monitoring, runtime, catalogue }, context),
    ],
  });
  const server = createAgentServer({
    ...(await serverOptions(config, host)),
    ...host,
    connections,
    material,
    listener,
    admits: access.admits,
    qualifies: access.qualifies,
  });
  return { server, rest: restPart(server), runtime, heartbeats, monitoring };
}

function capsOf({ amphorad }: Config): Caps {
  return { most: amphorad.max_connections, mostPerClient: amphorad.max_connections_per_client };
}
