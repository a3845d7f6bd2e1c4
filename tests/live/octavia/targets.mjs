// The agents that the same cases run against: ours, in a network namespace of its own, and the real one, by scripts
// given on the command line that start and stop it. Both need root.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../../scripts/demo/child.mjs';
import { freePort, loopback } from '../../../scripts/demo/loopback.mjs';

/** Debian's interpreter: others do not see its python3-octavia. */
export const python = '/usr/bin/python3';
const launcher = join(import.meta.dirname, '..', '..', '..', 'dist', 'amphorad');
const drive = join(import.meta.dirname, 'drive.py');
const endGraceMs = 5_000;
const readyTries = 400;
const readyPollMs = 25;
const heartbeatKey = 'key-of-the-live-test';
const heartbeatSeconds = 1;

async function freeUdpPort() {
  const socket = createSocket('udp4');
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, loopback, resolve);
  });
  const { port } = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

/** Tells why nothing of this can run here; undefined when it can. */
export function whyNot() {
  if (process.geteuid() !== 0) return 'no root, so no network namespace';
  try {
    execFileSync(python, ['-B', drive, '--list'], { stdio: 'ignore' });
  } catch {
    return 'no python3-octavia, so no controller';
  }
  return undefined;
}

/**
 * Starts amphorad as a controller would have it: the agent.conf is the one that the controller renders. `serial` tells
 * several of one run apart.
 */
export async function startOurs(serial = 0) {
  const scratch = mkdtempSync(join(tmpdir(), 'amph-live-'));
  // Haproxy's account runs the wrapper of ping(8) below it.
  chmodSync(scratch, 0o711);
  const [certs, base] = ['certs', 'lib'].map((name) => join(scratch, name));
  const target = {
    name: 'ours',
    amphora_id: randomUUID(),
    host: loopback,
    port: await freePort(),
    udp_port: await freeUdpPort(),
    certs,
    scratch,
    base_path: base,
    base_cert_dir: join(base, 'certs'),
    namespace: `amphorad-live-${process.pid}-${serial}`,
    heartbeat_key: heartbeatKey,
    heartbeat_interval: heartbeatSeconds,
    // The agent's own copy: rotation replaces it.
    agent_server_cert: join(scratch, 'server.pem'),
    agent_server_ca: join(certs, 'ca.pem'),
  };
  const undo = [() => rmSync(scratch, { recursive: true, force: true })];
  const end = () => undoAll(undo);
  try {
    mkdirSync(certs);
    execFileSync(python, ['-B', join(import.meta.dirname, 'authority.py'), certs, target.amphora_id]);
    execFileSync('cp', [join(certs, 'server.pem'), target.agent_server_cert]);
    execFileSync('ip', ['netns', 'add', target.namespace]);
    undo.push(() => execFileSync('ip', ['netns', 'del', target.namespace]));
    execFileSync('ip', ['-n', target.namespace, 'link', 'set', 'lo', 'up']);
    const file = writeTarget(target);
    writeFileSync(join(scratch, 'agent.conf'), execFileSync(python, ['-B', drive, '--conf', file]));
    writeFileSync(
      join(scratch, 'local.conf'),
      `[amphorad]\nnetwork_namespace = ${target.namespace}\nprocess_manager = direct\n`,
    );
    const child = await startServe(scratch);
    undo.push(() => child.end(endGraceMs));
    return { target, file, end, lastWords: () => child.lastWords() };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

/**
 * Haproxy's checks get no new privileges, capabilities of ping(8) included: the kernel must let anybody ping. Ours sees
 * to that itself; an image of the real one has it from systemd.
 */
function allowPing(namespace) {
  const words = ['netns', 'exec', namespace, 'sh', '-c'];
  execFileSync('ip', [...words, "echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range"]);
}

async function startServe(scratch) {
  const files = ['--config-file', join(scratch, 'agent.conf'), '--local-config', join(scratch, 'local.conf')];
  let output = '';
  const argv = [launcher, 'serve', ...files, '--ready-json', '--stop-children'];
  const child = startChild(argv, join(scratch, 'agent.log'), (text) => (output += text));
  for (let tries = 0; !output.includes('"pid"'); tries += 1) {
    const ended = child.ended();
    if (ended !== undefined || tries > readyTries)
      throw new Error(`amphorad: ${ended}\n${child.lastWords()}`);
    await sleep(readyPollMs);
  }
  return child;
}

function writeTarget(target) {
  const file = join(target.scratch, 'target.json');
  writeFileSync(file, JSON.stringify(target));
  return file;
}

/** Starts the unmodified agent with `run-peer` of `scripts`; `end` stops it with `stop-peer`. */
export async function startPeer(scripts) {
  const scratch = mkdtempSync(join(tmpdir(), 'amph-peer-'));
  const directory = join(scratch, 'agent');
  const [port, udp] = [await freePort(), await freeUdpPort()];
  const amphoraId = randomUUID();
  const words = [
    '-d',
    directory,
    '-p',
    port,
    '-u',
    udp,
    '-k',
    heartbeatKey,
    '-i',
    heartbeatSeconds,
    '-a',
    amphoraId,
  ];
  const undo = [
    () => rmSync(scratch, { recursive: true, force: true }),
    () => execFileSync(join(scripts, 'stop-peer'), ['-d', directory, '--purge'], { stdio: 'ignore' }),
  ];
  const end = () => undoAll(undo);
  try {
    execFileSync(join(scripts, 'run-peer'), [...words.map(String), '--fresh'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // In an amphora a unit of its own runs it.
    const proxy = startChild(['prometheus-proxy'], join(scratch, 'proxy.log'));
    undo.push(() => proxy.end(endGraceMs));
    const target = {
      name: 'peer',
      amphora_id: amphoraId,
      host: loopback,
      port,
      udp_port: udp,
      certs: join(directory, 'certs'),
      scratch,
      base_path: '/var/lib/octavia',
      base_cert_dir: '/var/lib/octavia/certs',
      namespace: 'amphora-haproxy',
      heartbeat_key: heartbeatKey,
      heartbeat_interval: heartbeatSeconds,
      default_connection_limit: 1000,
      agent_server_cert: '/etc/octavia/certs/server.pem',
      agent_server_ca: '/etc/octavia/certs/client_ca.pem',
    };
    allowPing(target.namespace);
    return { target, file: writeTarget(target), end, lastWords: () => proxy.lastWords() };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

async function undoAll(undo) {
  for (const step of undo.toReversed()) await step();
}
