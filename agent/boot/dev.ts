// The development profile: loopback, state under one directory, certificates made on the first run, no namespace,
// no root needed. It is the daemon with a configuration of its own. Source: DESIGN "Starting it".

import { randomUUID } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { pkiPaths, runCerts } from '../cli/certs';
import { isUuid } from '../model/ids';
import type { Ready } from './ready';
import { serve, type Output } from './serve';
import type { FakeMachine } from './wire-fake-haproxy';
import type { AgentHost, Environment, Host } from './wire-host';

export interface DevOptions {
  readonly stateDirectory: string;
  readonly port: number | undefined;
  readonly readyJson: boolean;
  readonly stopChildren: boolean;
  readonly fake?: FakeMachine | undefined;
}

interface DevPaths {
  readonly directory: string;
  readonly agentConf: string;
  readonly localConf: string;
  readonly amphoraId: string;
  readonly ready: string;
  readonly certs: string;
  readonly lib: string;
}

const certificateDays = 825;
const privateMode = 0o600;

/** Runs the development profile to its end; resolves with the exit status. */
export async function runDev(
  options: DevOptions,
  host: AgentHost,
  env: Environment,
  output: Output,
): Promise<number> {
  const paths = devPaths(resolve(options.stateDirectory));
  if ((await host.files.stat(paths.directory)) === undefined)
    await host.files.makeDirectory(paths.directory, 0o755);
  const amphoraId = await keepAmphoraId(paths, host);
  await writeConfiguration(paths, amphoraId, options.port, host);
  await makeCertificates(paths, amphoraId, host);
  const status = await serve(
    {
      sources: {
        configFiles: [paths.agentConf],
        configDirs: [],
        localFiles: [{ path: paths.localConf, required: true }],
        environment: env,
      },
      stopChildren: options.stopChildren,
      readyJson: options.readyJson,
      fake: options.fake,
      onReady: async (ready) => {
        const told = forHarnesses(ready, paths);
        await host.files.writeAtomic(
          paths.ready,
          `${JSON.stringify({ ...ready, certs: paths.certs, ...told })}\n`,
          privateMode,
        );
        if (!options.readyJson) output.out(invitation(ready, paths));
        return told;
      },
    },
    host,
    env,
    output,
  );
  await host.files.remove(paths.ready);
  return status;
}

function devPaths(directory: string): DevPaths {
  return {
    directory,
    agentConf: join(directory, 'agent.conf'),
    localConf: join(directory, 'local.conf'),
    amphoraId: join(directory, 'amphora-id'),
    ready: join(directory, 'ready.json'),
    certs: join(directory, 'certs'),
    lib: join(directory, 'lib'),
  };
}

async function keepAmphoraId(paths: DevPaths, { files }: Host): Promise<string> {
  const kept = (await files.readText(paths.amphoraId))?.trim() ?? '';
  if (isUuid(kept)) return kept;
  const made = randomUUID();
  await files.writeAtomic(paths.amphoraId, `${made}\n`, privateMode);
  return made;
}

async function writeConfiguration(
  paths: DevPaths,
  amphoraId: string,
  port: number | undefined,
  { files }: Host,
): Promise<void> {
  const pki = pkiPaths(paths.certs);
  const agentConf = `# Written by "amphorad dev" at each start.
[haproxy_amphora]
base_path = ${escaped(paths.lib)}
bind_host = 127.0.0.1
bind_port = ${port ?? 9443}

[amphora_agent]
amphora_id = ${amphoraId}
agent_server_cert = ${escaped(pki.server)}
agent_server_ca = ${escaped(pki.ca)}
agent_server_network_dir = ${escaped(join(paths.directory, 'interfaces'))}
`;
  const localConf = `# Written by "amphorad dev" at each start.
[amphorad]
network_namespace =
process_manager = direct
template_dir =
`;
  await files.writeAtomic(paths.agentConf, agentConf, privateMode);
  await files.writeAtomic(paths.localConf, localConf, privateMode);
}

/** A dollar sign in a path must not be read as a reference. */
function escaped(path: string): string {
  return path.replaceAll('$', '$$$$');
}

async function makeCertificates(paths: DevPaths, amphoraId: string, host: Host): Promise<void> {
  if ((await host.files.stat(pkiPaths(paths.certs).ca)) !== undefined) return;
  const names = ['localhost', '127.0.0.1', '::1'];
  await runCerts({ directory: paths.certs, amphoraId, names, days: certificateDays, force: false }, host);
}

/** All that a client needs; `client_cert` and `client_key` as most libraries want them, `client_bundle` as curl does. */
function forHarnesses({ port }: Ready, paths: DevPaths): object {
  const { clientCertificate, clientKey, client } = pkiPaths(paths.certs);
  return {
    url: `https://127.0.0.1:${port}`,
    client_cert: clientCertificate,
    client_key: clientKey,
    client_bundle: client,
    base_path: paths.lib,
  };
}

function invitation(ready: Ready, paths: DevPaths): string {
  const certs = relative(process.cwd(), paths.certs);
  const { ca, client } = pkiPaths(certs === '' || certs.startsWith('..') ? paths.certs : certs);
  return `
amphorad answers on https://localhost:${ready.port} (amphora ${ready.amphora_id})

  try it:    curl --cacert ${ca} --cert ${client} https://localhost:${ready.port}/info
  demo:      npm run demo
  stop:      Ctrl-C, or: kill ${ready.pid}

`;
}
