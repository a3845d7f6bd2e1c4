// The agents that the same cases run against: ours, in a network namespace of its own, and the real one, by scripts
// given on the command line that start and stop it. Both need root.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
const partnerAddress = '127.0.0.2';
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
 * several of one run apart. With `isPair` it is the first half of an active-standby pair, and the second one is beside
 * it. With `isAway` the agent lives in a namespace of its own, into which ports may be put: the driver must go there.
 */
export async function startOurs(serial = 0, { isAway = false, isPair = false } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'amph-live-'));
  // Haproxy's account runs the wrapper of ping(8) below it.
  chmodSync(scratch, 0o711);
  const [certs, base] = ['certs', 'lib'].map((name) => join(scratch, name));
  const namespace = `amphorad-live-${process.pid}-${serial}`;
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
    namespace,
    heartbeat_key: heartbeatKey,
    heartbeat_interval: heartbeatSeconds,
    // The agent's own copy: rotation replaces it.
    agent_server_cert: join(scratch, 'server.pem'),
    agent_server_ca: join(certs, 'ca.pem'),
    network_dir: join(scratch, 'interfaces'),
    ...(isAway && { home: `${namespace}-home` }),
    ...(isPair && { topology: 'ACTIVE_STANDBY', partner: partnerOf(namespace) }),
  };
  const undo = [() => rmSync(scratch, { recursive: true, force: true }), () => removeNamespaces(namespace)];
  const end = () => undoAll(undo);
  try {
    mkdirSync(certs);
    execFileSync(python, [
      '-B',
      join(import.meta.dirname, 'authority.py'),
      certs,
      target.amphora_id,
      ...(isPair ? [target.partner.amphora_id] : []),
    ]);
    execFileSync('cp', [join(certs, 'server.pem'), target.agent_server_cert]);
    addNamespace(namespace);
    if (isAway) addNamespace(target.home);
    const file = writeTarget(target);
    writeFileSync(join(scratch, 'agent.conf'), execFileSync(python, ['-B', drive, '--conf', file]));
    writeLocalConf(scratch, namespace);
    const through = isAway ? ['nsenter', `--net=/run/netns/${target.home}`] : [];
    const children = [await startServe(scratch, through)];
    undo.push(() => children[0].end(endGraceMs));
    if (isPair) {
      const other = makePartner(target);
      undo.splice(1, 0, () => rmSync(other.directory, { recursive: true, force: true }));
      children.push(await startServe(scratch, [...through, ...other.through], other.directory));
      undo.push(() => children[1].end(endGraceMs));
    }
    const lastWords = () => children.map((child) => child.lastWords()).join('\n');
    return { target, file, end, lastWords };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

const partnerOf = (namespace) => ({
  amphora_id: randomUUID(),
  host: partnerAddress,
  namespace: `${namespace}-partner`,
});

/**
 * Makes the directory of the second half of a pair. A controller gives both the same paths: in a mount namespace of its
 * own the partner sees its directory where the first one has its own.
 */
function makePartner({ scratch, amphora_id: id, host, partner }) {
  const directory = mkdtempSync(join(tmpdir(), 'amph-live-'));
  chmodSync(directory, 0o711);
  addNamespace(partner.namespace);
  execFileSync('cp', ['-r', join(scratch, 'certs'), directory]);
  execFileSync('cp', [join(scratch, 'certs', 'partner.pem'), join(directory, 'server.pem')]);
  const text = readFileSync(join(scratch, 'agent.conf'), 'utf8');
  const own = text
    .replace(id, partner.amphora_id)
    .replace(`bind_host = ${host}`, `bind_host = ${partner.host}`);
  writeFileSync(join(directory, 'agent.conf'), own);
  writeLocalConf(directory, partner.namespace);
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  return { directory, through: ['unshare', '--mount', 'sh', '-c', script, 'partner', directory, scratch] };
}

const writeLocalConf = (directory, namespace) =>
  writeFileSync(
    join(directory, 'local.conf'),
    `[amphorad]\nnetwork_namespace = ${namespace}\nprocess_manager = direct\n`,
  );

function addNamespace(name) {
  execFileSync('ip', ['netns', 'add', name]);
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
}

/** Removes an amphora's namespace and all whose names begin with its name: those that cases have made around it. */
function removeNamespaces(name) {
  const names = readdirSync('/run/netns').filter((each) => each === name || each.startsWith(`${name}-`));
  for (const each of names) execFileSync('ip', ['netns', 'del', each]);
}

/**
 * Haproxy's checks get no new privileges, capabilities of ping(8) included: the kernel must let anybody ping. Ours sees
 * to that itself; an image of the real one has it from systemd.
 */
function allowPing(namespace) {
  const words = ['netns', 'exec', namespace, 'sh', '-c'];
  execFileSync('ip', [...words, "echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range"]);
}

async function startServe(scratch, through = [], logs = scratch) {
  const files = ['--config-file', join(scratch, 'agent.conf'), '--local-config', join(scratch, 'local.conf')];
  let output = '';
  const argv = [...through, launcher, 'serve', ...files, '--ready-json', '--stop-children'];
  const child = startChild(argv, join(logs, 'agent.log'), (text) => (output += text));
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

/** Starts the unmodified agent with `run-peer` of `scripts`; `end` stops it with `stop-peer`. `isAway`: as for ours. */
export async function startPeer(scripts, { isAway = false } = {}) {
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
  const home = `amphorad-live-${process.pid}-home`;
  const through = isAway ? ['nsenter', `--net=/run/netns/${home}`] : [];
  const undo = [
    () => rmSync(scratch, { recursive: true, force: true }),
    () => removeNamespaces(`amphorad-live-${process.pid}`),
    () => execFileSync(join(scripts, 'stop-peer'), ['-d', directory, '--purge'], { stdio: 'ignore' }),
  ];
  const end = () => undoAll(undo);
  try {
    if (isAway) addNamespace(home);
    const argv = [...through, join(scripts, 'run-peer'), ...words.map(String), '--fresh'];
    execFileSync(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
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
      ...(isAway && { home }),
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
