// The real Octavia agent, unmodified, of Debian's python3-octavia: where it can run, and how it is started and ended.
// It believes to be alone on an amphora (stage.py); the machine's own files stay as they are.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { startChild } from '../../scripts/demo/child.mjs';
import { freePort, loopback } from '../../scripts/demo/loopback.mjs';
import { mastersOf, treeOf } from '../processes.mjs';

const program = '/usr/bin/amphora-agent';
const basePath = '/var/lib/octavia';

/** The name by which reports call it. */
export const octavia = "Octavia's agent";

/** Tells why it cannot run here; undefined when it can. */
export function whyNoOctavia() {
  if (process.geteuid() !== 0) return 'no root, so no mount namespace';
  if (!existsSync(program)) return 'no python3-octavia (scripts/setup --tests installs it)';
  return undefined;
}

/** Prepares it in a directory of its own, with the certificates given; `remove` undoes that once the agent has ended. */
export async function prepareOctavia({ directory, certs, amphoraId }, { controllerPort = 9 } = {}) {
  const port = await freePort();
  const home = join(directory, 'octavia');
  for (const name of ['bin', 'certs', 'interfaces']) mkdirSync(join(home, name), { recursive: true });
  // Only to be mounted on.
  mkdirSync(basePath, { recursive: true });
  for (const name of ['systemctl', 'units.py'])
    copyFileSync(join(import.meta.dirname, name), join(home, 'bin', name));
  const configuration = join(home, 'agent.conf');
  writeFileSync(configuration, textOf({ home, certs, port, amphoraId, controllerPort }));
  const stage = await startStage(home);
  const path = `${join(home, 'bin')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const through = ['nsenter', `--mount=/proc/${stage.pid}/ns/mnt`, 'env', '--chdir=/', `PATH=${path}`];
  return {
    subject: octavia,
    port,
    basePath,
    start: (log = join(home, 'agent.log')) =>
      watched(startChild([...through, program, '--config-file', configuration], log)),
    processesOf: ({ pid }) => treeOf(pid),
    remove: async () => {
      // Its mounts go with it.
      stage.end();
      await stage.ended;
    },
  };
}

/** Ended with all its processes: on TERM its worker lingers for seconds. */
function watched(child) {
  return {
    ...child,
    end: async () => {
      for (const pid of treeOf(child.pid).toReversed()) kill(pid);
      await child.end(0);
    },
  };
}

/** Ends the haproxys of a load balancer, whoever has started them. */
export function killHaproxies(id) {
  for (const pid of mastersOf(id)) kill(pid);
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if (thrown.code !== 'ESRCH') throw thrown;
  }
}

async function startStage(home) {
  const words = [
    '--mount',
    '--propagation',
    'private',
    '/usr/bin/python3',
    '-IS',
    join(import.meta.dirname, 'stage.py'),
    home,
  ];
  const stage = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  stage.stderr.on('data', (chunk) => (said += chunk));
  const ended = once(stage, 'exit');
  const ready = await Promise.race([once(stage.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!ready) throw new Error(`no place for the real agent: ${said.trim()}`);
  return { pid: stage.pid, end: () => stage.stdin.end(), ended };
}

// As a controller renders it, but for addresses and the paths of certificates.
const textOf = ({ home, certs, port, amphoraId, controllerPort }) => `[DEFAULT]
use_syslog = True
syslog_log_facility = LOG_LOCAL1

[haproxy_amphora]
base_path = ${basePath}
base_cert_dir = ${basePath}/certs
bind_host = ${loopback}
bind_port = ${port}
haproxy_cmd = /usr/sbin/haproxy
user_log_facility = 0
administrative_log_facility = 1

[health_manager]
controller_ip_port_list = ${loopback}:${controllerPort}
heartbeat_interval = 10
heartbeat_key = key-of-the-benchmark

[amphora_agent]
agent_server_ca = ${join(certs, 'ca.pem')}
agent_server_cert = ${join(certs, 'server.pem')}
agent_server_network_dir = ${join(home, 'interfaces')}
agent_request_read_timeout = 180
amphora_id = ${amphoraId}
agent_tls_protocol = TLSv1.2

[controller_worker]
loadbalancer_topology = SINGLE
`;
