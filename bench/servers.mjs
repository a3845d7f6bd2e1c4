// The servers under test, each prepared so that starting it is all that is left: certificates made, configuration
// written, port chosen. All use the same certificates.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../scripts/demo/child.mjs';
import { freePort } from '../scripts/demo/loopback.mjs';

const launcher = join(import.meta.dirname, '..', 'dist', 'amphorad');
const bareHttps = join(import.meta.dirname, 'baselines', 'bare-https.mjs');

/** Makes a temporary directory with a development PKI in `certs`; `remove` takes it away. */
export function prepareDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'ampb-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const certs = join(directory, 'certs');
  const amphoraId = randomUUID();
  const names = ['--name', 'localhost', '--name', '127.0.0.1'];
  try {
    execFileSync(launcher, ['certs', '--directory', certs, '--amphora-id', amphoraId, ...names], {
      stdio: 'pipe',
    });
  } catch (cause) {
    remove();
    throw new Error(`no certificates: ${cause.stderr ?? cause.message}`, { cause });
  }
  return { directory, certs, amphoraId, remove };
}

/** Prepares `amphorad serve`, started through the launcher as production starts it, with `words` after its options. */
export async function prepareAmphorad({ directory, certs, amphoraId }, words = []) {
  const port = await freePort();
  const agentConf = join(directory, 'agent.conf');
  const localConf = join(directory, 'local.conf');
  writeFileSync(
    agentConf,
    `[haproxy_amphora]
base_path = ${join(directory, 'lib')}
bind_host = 127.0.0.1
bind_port = ${port}

[amphora_agent]
amphora_id = ${amphoraId}
agent_server_cert = ${join(certs, 'server.pem')}
agent_server_ca = ${join(certs, 'ca.pem')}
agent_server_network_dir = ${join(directory, 'interfaces')}
`,
  );
  writeFileSync(localConf, '[amphorad]\nnetwork_namespace =\nprocess_manager = direct\n');
  const argv = [launcher, 'serve', '--config-file', agentConf, '--local-config', localConf, ...words];
  return { subject: 'amphorad', port, start: () => startChild(argv, join(directory, 'amphorad.log')) };
}

/** Prepares the least that could answer: `node:https`, client certificates, one JSON answer. */
export async function prepareBareHttps({ directory, certs }) {
  const port = await freePort();
  const argv = [process.execPath, bareHttps, certs, String(port)];
  return {
    subject: 'bare node:https',
    port,
    start: () => startChild(argv, join(directory, 'bare-https.log')),
  };
}
