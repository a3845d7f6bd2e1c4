// What heartbeats of 1, 100 and 500 listeners with 5 members each cost, and one of 10,000 members: CPU of the agent for each
// message it sends, against that of Octavia's own functions over the same haproxy. haproxy's own CPU counts for neither.
// What the agent does anyway is measured while it has no controller to tell, and is not counted.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createApi } from '../scripts/demo/api.mjs';
import { loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { octavia } from './octavia/agent.mjs';
import { threadSecondsOf } from './processes.mjs';
import { amphorad, prepareAmphorad, prepareDirectory } from './servers.mjs';

const sizes = [
  { listeners: 1, members: 5 },
  { listeners: 100, members: 5 },
  { listeners: 500, members: 5 },
  { listeners: 500, members: 20 },
];
const bounded = sizes[2];
const largest = sizes[3];
const intervalS = 0.25;
const samples = 6;
const messagesInASample = 10;
const quickSamples = 2;
const idleMs = 5_000;
const quickIdleMs = 1_000;
const warmUp = 20;
const deadlineMs = 60_000;
const key = 'bench';
const baseline = join(import.meta.dirname, 'baselines', 'octavia-heartbeat.py');

/** The benchmark. */
export const heartbeat = {
  name: 'heartbeat',
  title: 'heartbeats of 1 to 500 listeners and up to 10,000 members: CPU for each message',
  deadlineMs: 300_000,
  run,
};

async function run({ quick, signal, progress }) {
  const results = [];
  for (const size of sizes) results.push(await measureSize(size, { quick, signal, progress }));
  return {
    metrics: [...results.map(metricOf), growthOf(results)],
    notes: [...results.map(noteOf), ...notes],
  };
}

const subjectOf = ({ listeners, members }) => `${listeners} × ${members}`;

async function measureSize(size, { quick, signal, progress }) {
  const prepared = prepareDirectory();
  const controller = await listen();
  const server = await prepareAmphorad(prepared);
  const child = server.start();
  const api = createApi({ address: loopback, port: server.port, certs: prepared.certs });
  const id = randomUUID();
  const say = (text) => progress(`heartbeat: ${subjectOf(size)}, ${text}`);
  try {
    await waitUntil(() => child.ended() ?? answers(api), deadlineMs, signal);
    await startListeners(api, id, size, signal);
    const count = quick ? quickSamples : samples;
    const forMs = quick ? quickIdleMs : idleMs;
    const before = await measureIdle(child, forMs, say);
    await configure(api, server, healthOf(controller.port, intervalS), signal);
    const rounds = await measureOurs({ child, controller, signal, say, count });
    await configure(api, server, '', signal);
    // The lesser one: what is left of a start, or of heartbeats, is not what it does anyway.
    const idle = Math.min(before, await measureIdle(child, forMs, say));
    const theirs = await measureTheirs(prepared, id, quick ? 3 : 15);
    return { size, ours: { rounds, idle, bytes: controller.bytes() }, theirs };
  } finally {
    await api.call('DELETE', `/v0.1/listeners/${id}`).catch(() => undefined);
    api.close();
    await child.end(5_000);
    controller.close();
    prepared.remove();
  }
}

/** The section that has heartbeats sent to a port. */
export function healthOf(port, seconds) {
  return `[health_manager]
controller_ip_port_list = ${loopback}:${port}
heartbeat_interval = ${seconds}
heartbeat_key = ${key}
`;
}

async function listen() {
  const socket = createSocket('udp4');
  let heard = 0;
  let bytes = 0;
  socket.on('message', (envelope) => {
    heard += 1;
    bytes = envelope.length;
  });
  socket.bind(0, loopback);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    heard: () => heard,
    bytes: () => bytes,
    close: () => socket.close(),
  };
}

async function startListeners(api, id, size, signal) {
  const body = configurationOf(size);
  for (const [verb, path] of [
    ['PUT', `/v0.1/listeners/${randomUUID()}/${id}/haproxy`],
    ['PUT', `/v0.1/listeners/${id}/start`],
  ]) {
    const { status, text } = await api.call(verb, path, {
      ...(path.endsWith('haproxy') ? { body } : {}),
      signal,
    });
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  }
}

// Each frontend on an address of its own: of 500 ports one would be somebody's.
function configurationOf({ listeners, members: memberCount }) {
  const parts = Array.from({ length: listeners }, (_, index) => {
    const listener = randomUUID();
    const pool = `${randomUUID()}:${listener}`;
    const members = Array.from({ length: memberCount }, () => `    server ${randomUUID()} ${loopback}:9`);
    const address = `127.77.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    return `frontend ${listener}\n    bind ${address}:8080\n    default_backend ${pool}\nbackend ${pool}\n${members.join('\n')}\n`;
  });
  return `global
    maxconn 1000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
${parts.join('')}`;
}

const answers = (api) =>
  api.call('GET', '/').then(
    () => true,
    () => undefined,
  );

/** CPU seconds of each second in which no heartbeats are sent. */
async function measureIdle(child, forMs, say) {
  say('without heartbeats');
  await sleep(forMs / 2);
  const [fromMs, before] = [performance.now(), threadSecondsOf(child.pid)];
  await sleep(forMs);
  return (threadSecondsOf(child.pid) - before) / ((performance.now() - fromMs) / 1_000);
}

/** Has heartbeats sent, or none, from now on. */
async function configure(api, { template }, health, signal) {
  const body = `${template}${health}`;
  const { status, text } = await api.call('PUT', '/1.0/config', { body, signal });
  if (status !== 202) throw new Error(`/1.0/config: ${status} ${text}`);
}

async function measureOurs({ child, controller, signal, say, count }) {
  const upTo = (messages) =>
    waitUntil(() => child.ended() ?? (controller.heard() >= messages || undefined), deadlineMs, signal);
  await upTo(controller.heard() + warmUp);
  const rounds = [];
  for (let sample = 0; sample < count; sample += 1) {
    say(`sample ${sample + 1} of ${count}`);
    const [from, fromMs, before] = [controller.heard(), performance.now(), threadSecondsOf(child.pid)];
    await upTo(from + messagesInASample);
    const messages = controller.heard() - from;
    rounds.push({
      cpu: (threadSecondsOf(child.pid) - before) / messages,
      elapsed: (performance.now() - fromMs) / 1_000 / messages,
    });
  }
  return rounds;
}

async function measureTheirs({ directory, amphoraId }, id, rounds) {
  const base = join(directory, 'octavia');
  mkdirSync(base);
  const socket = join(directory, 'lib', id, 'admin.sock');
  const argv = [baseline, base, amphoraId, id, socket, key, String(rounds)];
  const { stdout } = await promisify(execFile)('/usr/bin/python3', argv, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const milliseconds = (seconds) => seconds.map((value) => value * 1_000);

const cpuOf = ({ ours: { rounds, idle } }) => rounds.map(({ cpu, elapsed }) => cpu - idle * elapsed);

function metricOf(result) {
  const { size, theirs } = result;
  const isBounded = size === bounded;
  return {
    name: `CPU for a message, ${subjectOf(size)}`,
    unit: 'ms',
    digits: 2,
    isPlotted: true,
    series: [
      { subject: amphorad, values: milliseconds(cpuOf(result)) },
      { subject: octavia, values: milliseconds(theirs.seconds) },
    ],
    bounds: isBounded ? [{ subject: amphorad, of: 'ratio', to: octavia, most: 0.25 }] : [],
  };
}

/** What a member costs at most sizes, the many beside the few: no more where there are more, or growth is not linear. */
function growthOf(results) {
  const series = [bounded, largest].map((wanted) => {
    const result = results.find(({ size }) => size === wanted);
    const count = wanted.listeners * wanted.members;
    return {
      subject: `${count} members`,
      values: cpuOf(result).map((seconds) => (seconds * 1_000_000) / count),
    };
  });
  const [few, many] = series.map(({ subject }) => subject);
  return {
    name: `CPU of ${amphorad} for each member`,
    unit: 'µs',
    digits: 1,
    series: series.toReversed(),
    bounds: [{ subject: many, of: 'ratio', to: few, most: 1.1 }],
  };
}

const noteOf = ({ size, ours, theirs }) =>
  `${subjectOf(size)}: ours takes ${(ours.idle * 1_000).toFixed(1)} ms for each second without heartbeats, and with that ${(mean(ours.rounds.map(({ cpu }) => cpu)) * 1_000).toFixed(1)} ms for a message; the last one has ${ours.bytes} bytes, Octavia's ${theirs.bytes} for ${theirs.listeners} listeners, in ${(mean(theirs.walls) * 1_000).toFixed(1)} ms of wall time.`;

const notes = [
  `Ours is all that the agent does for a message every ${intervalS} s, storing and sending too; each value is the mean of ${messagesInASample}. Taken off is what it takes without heartbeats, measured before and after, the lesser one. How long it takes cannot be seen from outside.`,
  "Octavia's is build_stats_message and wrap_envelope, without the start of systemctl for each load balancer and without sending. A datagram of more than 65,507 bytes cannot be sent: Octavia's is then lost.",
];
