// The real agent in this process: temporary directory, ephemeral port, throw-away PKI, no namespace.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../agent/boot/agent';
import { createNodeHost } from '../../../agent/boot/wire-host';
import type { AgentConfigs } from '../../../agent/core/agent-config';
import { startConfigured } from '../../../agent/testing/running-agent';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createClient, type Client } from './client';
import { amphoraId, makePki, type TestPki } from './pki';

export interface TestAgent {
  readonly directory: string;
  readonly basePath: string;
  readonly serverPath: string;
  readonly pki: TestPki;
  readonly agent: Agent;
  readonly configs: AgentConfigs;
  /** The local configuration file. */
  readonly localPath: string;
  readonly client: Client;
  readonly log: ReturnType<typeof createRecordedLog>;
  /** Ends the agent with its children and removes the directory. */
  stop(): Promise<void>;
}

export interface TestAgentOptions {
  /** Lines for agent.conf's [amphora_agent], and for [amphorad] of the local file. */
  readonly amphoraAgent?: string;
  readonly amphorad?: string;
  readonly controllerWorker?: string;
  /** Lines for [runtime_api] of the local file. */
  readonly runtimeApi?: string;
  readonly healthManager?: string;
  readonly pki?: TestPki;
  /** What is added to the agent's wall time, in milliseconds. */
  readonly wallShiftMs?: () => number;
}

/** Writes configuration and PKI of an agent into a directory. */
export function writeAgentFiles(
  directory: string,
  pki: TestPki,
  options: TestAgentOptions = {},
): { main: string; local: string } {
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const server = file('server.pem', pki.server.bundlePem);
  const ca = file('ca.pem', pki.ca.certificatePem);
  const main = file(
    'agent.conf',
    `[haproxy_amphora]
base_path = ${join(directory, 'lib')}
bind_host = 127.0.0.1
bind_port = 0
[amphora_agent]
amphora_id = ${amphoraId}
agent_server_cert = ${server}
agent_server_ca = ${ca}
${options.amphoraAgent ?? ''}
[controller_worker]
${options.controllerWorker ?? ''}
[health_manager]
${options.healthManager ?? ''}
`,
  );
  const local = file(
    'local.conf',
    // [amphorad] stands last, so that tests can add lines to it.
    `[runtime_api]\n${options.runtimeApi ?? ''}\n[amphorad]\nnetwork_namespace =\nprocess_manager = direct\n${options.amphorad ?? ''}\n`,
  );
  return { main, local };
}

// Short: haproxy's socket paths hold 107 bytes.
export function temporaryDirectory(): string {
  return mkdtempSync('/tmp/amph-');
}

/** Starts an agent. Its host functions are the real ones; only its log is recorded. */
export async function startTestAgent(options: TestAgentOptions = {}): Promise<TestAgent> {
  const directory = temporaryDirectory();
  const pki = options.pki ?? (await makePki());
  const { main, local } = writeAgentFiles(directory, pki, options);
  const log = createRecordedLog();
  const real = createNodeHost(process.env);
  const { wallShiftMs = () => 0 } = options;
  const host = { ...real, log, clock: { ...real.clock, now: () => real.clock.now() + wallShiftMs() } };
  const sources = {
    configFiles: [main],
    configDirs: [],
    localFiles: [{ path: local, required: true }],
    environment: {},
  };
  const { agent, configs } = await startConfigured(sources, host, true);
  const client = createClient({ port: agent.port, ca: pki.ca.certificatePem, identity: pki.client });
  return {
    directory,
    basePath: join(directory, 'lib'),
    serverPath: join(directory, 'server.pem'),
    pki,
    agent,
    configs,
    localPath: local,
    client,
    log,
    async stop() {
      client.close();
      await agent.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
