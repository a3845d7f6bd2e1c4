// Whether figures survive the agent: it is killed (-9) at random moments while requests flow through a listener, and
// what its messages have told is compared with what the client has done. More than the truth is never right; less only
// by what a kill cut off between storing and sending, which is what the stored book has and nobody has heard. Such a kill
// is rare at random; AIM=store-send kills whenever the book has just been replaced.
import { randomInt, randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { createRandom } from '../tests/chaos/random.mjs';
import { createApi } from '../scripts/demo/api.mjs';
import { startBackend } from '../scripts/demo/backends.mjs';
import { freePort, loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { healthOf } from './heartbeat.mjs';
import { prepareAmphorad, prepareDirectory } from './servers.mjs';

const intervalS = 0.2;
const kills = 20;
const quickKills = 3;
const deadlineMs = 20_000;
const macBytes = 64;
// On loopback what was sent arrives at once; this is for this process to take it.
const arrivalMs = 50;
const pauseMs = 5;
// How long before a message is due its book is watched, and how long after.
const watchMs = 40;
const aims = ['random', 'store-send'];

/** The benchmark. */
export const heartbeatKills = {
  name: 'heartbeat-kills',
  title: `statistics over ${kills} kills of the agent`,
  deadlineMs: 240_000,
  run,
};

async function run({ quick, signal, progress }) {
  const seed = process.env.SEED ?? String(randomInt(2 ** 31));
  const random = createRandom(seed, 'kills');
  const aim = process.env.AIM ?? aims[0];
  if (!aims.includes(aim)) throw new Error(`AIM is one of ${aims.join(', ')}`);
  const prepared = prepareDirectory();
  const ear = await listen();
  const server = await prepareAmphorad(prepared, { health: healthOf(ear.port, intervalS) });
  const backend = await startBackend('member');
  const [id, port] = [randomUUID(), await freePort()];
  const api = createApi({ address: loopback, port: server.port, certs: prepared.certs });
  let child = server.start();
  let client;
  try {
    await startListener(api, child, { id, port, to: backend.port }, signal);
    client = startClient(port);
    const lost = [];
    for (let kill = 1; kill <= (quick ? quickKills : kills); kill += 1) {
      progress(`heartbeat-kills: ${kill} (seed ${seed})`);
      const from = ear.heard();
      await must(() => child.ended() ?? (ear.heard() > from || undefined), 'a heartbeat', signal);
      if (aim === 'random') await sleep(random.integer(0, 2_000 * intervalS));
      else await nextStore({ ear, path: bookOf(prepared), messages: random.integer(1, 4) });
      process.kill(child.pid, 'SIGKILL');
      await must(() => child.ended(), 'the end of the agent', signal);
      await sleep(arrivalMs);
      lost.push(storedOf(prepared, id) - ear.sum(id) - sumOf(lost));
      child = server.start();
    }
    const truth = await client.stop();
    await must(() => ear.sum(id) + sumOf(lost) >= truth || undefined, undefined, signal);
    await sleep(3_000 * intervalS);
    return resultOf({ seed, aim, truth, failed: client.failed(), sum: ear.sum(id), lost });
  } finally {
    await client?.stop();
    await api.call('DELETE', `/v0.1/listeners/${id}`).catch(() => undefined);
    api.close();
    await child.end(5_000);
    backend.close();
    ear.close();
    prepared.remove();
  }
}

/** Waits for some messages, and then for the moment when the book of the next one has taken its place. */
async function nextStore({ ear, path, messages }) {
  const from = ear.heard();
  await waitUntil(() => ear.heard() >= from + messages, deadlineMs);
  await sleep(1_000 * intervalS - watchMs);
  // Without a turn of the event loop in between: what is waited for is over within a millisecond.
  const { ino } = statSync(path);
  const until = performance.now() + 3 * watchMs;
  while (performance.now() < until && statSync(path).ino === ino);
}

/** Waits; without a name for it the deadline is no failure. */
async function must(condition, what, signal) {
  const found = await waitUntil(condition, deadlineMs, signal);
  if (found === undefined && what !== undefined) throw new Error(`no sign of ${what}`);
}

async function listen() {
  const socket = createSocket('udp4');
  const sums = new Map();
  let heard = 0;
  socket.on('message', (envelope) => {
    heard += 1;
    const { listeners } = JSON.parse(inflateSync(envelope.subarray(0, -macBytes)).toString());
    for (const [id, { stats }] of Object.entries(listeners)) {
      sums.set(id, (sums.get(id) ?? 0) + (stats?.totconns ?? 0));
    }
  });
  socket.bind(0, loopback);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    heard: () => heard,
    sum: (id) => sums.get(id) ?? 0,
    close: () => socket.close(),
  };
}

async function startListener(api, child, { id, port, to }, signal) {
  const answers = () =>
    api.call('GET', '/').then(
      () => true,
      () => undefined,
    );
  await must(() => child.ended() ?? answers(), 'the agent', signal);
  const body = `defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nfrontend ${id}\n bind ${loopback}:${port}\n default_backend pool\nbackend pool\n server member ${loopback}:${to}\n`;
  await api.call('PUT', `/v0.1/listeners/${randomUUID()}/${id}/haproxy`, { body, signal });
  const { status, text } = await api.call('PUT', `/v0.1/listeners/${id}/start`, { signal });
  if (status !== 202) throw new Error(`start answers ${status} ${text}`);
}

/** Makes a request on a connection of its own, again and again: haproxy counts connections. */
function startClient(port) {
  let [done, failed, isStopped] = [0, 0, false];
  const one = () =>
    new Promise((resolve) => {
      const sent = get({ host: loopback, port, agent: false }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve((done += 1)));
      });
      sent.on('error', () => resolve((failed += 1)));
    });
  const running = (async () => {
    while (!isStopped) {
      await one();
      await sleep(pauseMs);
    }
  })();
  return {
    failed: () => failed,
    async stop() {
      isStopped = true;
      await running;
      return done;
    },
  };
}

/** How many connections of a listener the book on disk has as told. */
function storedOf(prepared, id) {
  const { reported } = JSON.parse(readFileSync(bookOf(prepared), 'utf8'));
  return reported[id]?.[2] ?? 0;
}

function bookOf({ directory }) {
  return join(directory, 'lib', 'stats_counters.json');
}

function sumOf(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

function resultOf({ seed, aim, truth, failed, sum, lost }) {
  const cut = lost.filter((value) => value !== 0);
  const metric = (name, value, most) => ({
    name,
    unit: 'requests',
    digits: 0,
    series: [{ subject: 'amphorad', values: [value] }],
    ...(most === undefined ? {} : { bound: { subject: 'amphorad', of: 'median', most } }),
  });
  return {
    metrics: [
      metric('the truth', truth),
      metric('what heartbeats told', sum),
      metric('told above the truth', Math.max(0, sum - truth), 0),
      metric('missing, and no kill explains it', Math.max(0, truth - sum - sumOf(lost)), 0),
      metric('heard and never stored', sumOf(lost.map((value) => Math.max(0, -value))), 0),
      metric('requests that failed', failed, 0),
    ],
    notes: [
      `Seed ${seed} (SEED=${seed} repeats the moments); ${lost.length} kills, aim ${aim}.`,
      `${cut.length} of them fell between storing and sending and lost a message each: ${cut.join(', ') || 'none'} requests.`,
      `told ${sum} = truth ${truth} − lost ${sumOf(lost)}: ${sum === truth - sumOf(lost) ? 'yes' : 'NO'}.`,
    ],
  };
}
