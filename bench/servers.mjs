// The servers under test, each prepared so that starting it is all that is left: certificates made, configuration
// written, port chosen. All use the same certificates.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../scripts/demo/child.mjs';
import { freePort } from '../scripts/demo/loopback.mjs';

/** The name of the limit that the runtime sets. */
export const bareHttpsName = 'bare node:https';

const launcher = join(import.meta.dirname, '..', 'dist', 'amphorad');
const bareHttps = join(import.meta.dirname, 'baselines', 'bare-https.mjs');

/** The name by which reports call ours. */
export const amphorad = 'amphorad';

/** Makes a temporary directory with a development PKI in `certs`; `remove` takes it away. */
export function prepareDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'ampb-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const certs = join(directory, 'certs');
  const amphoraId = randomUUID();
  try {
    issuePki(certs, amphoraId);
  } catch (thrown) {
    remove();
    throw thrown;
  }
  return { directory, certs, amphoraId, remove };
}

/** Makes a development PKI whose server is good for `localhost` and 127.0.0.1. */
export function issuePki(certs, amphoraId) {
  const names = ['--name', 'localhost', '--name', '127.0.0.1'];
  try {
    execFileSync(launcher, ['certs', '--directory', certs, '--amphora-id', amphoraId, ...names], {
      stdio: 'pipe',
    });
  } catch (cause) {
    throw new Error(`no certificates: ${cause.stderr ?? cause.message}`, { cause });
  }
}

/** Prepares `amphorad serve`, started through the launcher as production starts it; `words` are further arguments, `local` further lines of its local file, `program` another launcher. */
export async function prepareAmphorad(
  { directory, certs, amphoraId },
  { words = [], local = '', health = '', program = launcher } = {},
) {
  const port = await freePort();
  const basePath = join(directory, 'lib');
  const agentConf = join(directory, 'agent.conf');
  const localConf = join(directory, 'local.conf');
  const template = `[haproxy_amphora]
base_path = ${basePath}
bind_host = 127.0.0.1
bind_port = ${port}

[amphora_agent]
amphora_id = ${amphoraId}
agent_server_cert = ${join(certs, 'server.pem')}
agent_server_ca = ${join(certs, 'ca.pem')}
agent_server_network_dir = ${join(directory, 'interfaces')}
`;
  writeFileSync(agentConf, `${template}${health}`);
  writeFileSync(localConf, `[amphorad]\nnetwork_namespace =\nprocess_manager = direct\n${local}`);
  const argv = [program, 'serve', '--config-file', agentConf, '--local-config', localConf, ...words];
  const logFile = join(directory, 'amphorad.log');
  const start = (log = logFile, onOutput = undefined) => startChild(argv, log, onOutput);
  const processesOf = ({ pid }) => [pid];
  return { subject: amphorad, port, template, basePath, log: logFile, start, processesOf };
}

/** Prepares the least that could answer: `node:https`, client certificates, one JSON answer. */
export async function prepareBareHttps({ directory, certs }) {
  const port = await freePort();
  const argv = [process.execPath, bareHttps, certs, String(port)];
  return {
    subject: bareHttpsName,
    port,
    processesOf: ({ pid }) => [pid],
    start: () => startChild(argv, join(directory, 'bare-https.log')),
  };
}
