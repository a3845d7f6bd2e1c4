// Whether heartbeats keep their rhythm: 60 messages, one a second, of two load balancers, one of whose haproxies is
// stopped (SIGSTOP) half-way. The start-to-start interval must not drift, and the other one's entries never be late.
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { createApi } from '../scripts/demo/api.mjs';
import { freePort, loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { healthOf } from './heartbeat.mjs';
import { prepareAmphorad, prepareDirectory } from './servers.mjs';

const intervalS = 1;
// A tenth of the interval, which a message may wait for one that is slow, and as much for a busy machine.
const latestMs = intervalS * 200;
const messages = 60;
const quickMessages = 10;
const macBytes = 64;
const deadlineMs = 90_000;

/** The benchmark. */
export const heartbeatTiming = {
  name: 'heartbeat-timing',
  title: `${messages} heartbeats, one a second, a haproxy stopped half-way`,
  deadlineMs: 180_000,
  run,
};

async function run({ quick, signal, progress }) {
  const prepared = prepareDirectory();
  const heard = [];
  const socket = createSocket('udp4');
  socket.on('message', (envelope) => {
    const { listeners } = JSON.parse(inflateSync(envelope.subarray(0, -macBytes)).toString());
    heard.push({ atMs: performance.now(), listeners: Object.keys(listeners) });
  });
  socket.bind(0, loopback);
  await once(socket, 'listening');
  const server = await prepareAmphorad(prepared, { health: healthOf(socket.address().port, intervalS) });
  const child = server.start();
  const api = createApi({ address: loopback, port: server.port, certs: prepared.certs });
  const ids = [randomUUID(), randomUUID()];
  let stopped;
  try {
    await waitUntil(() => child.ended() ?? (heard.length > 0 || undefined), deadlineMs, signal);
    const pids = [];
    for (const id of ids) pids.push(await startListener(api, id, signal));
    await waitUntil(() => heard.at(-1)?.listeners.length === 2 || undefined, deadlineMs, signal);
    const first = heard.length;
    const count = quick ? quickMessages : messages;
    const upTo = async (number) => {
      while (heard.length < first + number) {
        progress(`heartbeat-timing: ${heard.length - first} of ${count}`);
        await waitUntil(() => heard.length >= first + number || undefined, deadlineMs, signal);
      }
    };
    await upTo(count / 2);
    stopped = workersOf(pids[1]);
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    await upTo(count + 1);
    return resultOf(heard.slice(first, first + count + 1), ids);
  } finally {
    for (const pid of stopped ?? []) process.kill(pid, 'SIGCONT');
    for (const id of ids) await api.call('DELETE', `/v0.1/listeners/${id}`).catch(() => undefined);
    api.close();
    await child.end(5_000);
    socket.close();
    prepared.remove();
  }
}

async function startListener(api, id, signal) {
  const body = `defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nfrontend ${id}\n bind ${loopback}:${await freePort()}\n`;
  await api.call('PUT', `/v0.1/listeners/${randomUUID()}/${id}/haproxy`, { body, signal });
  const { status, text } = await api.call('PUT', `/v0.1/listeners/${id}/start`, { signal });
  if (status !== 202) throw new Error(`start answers ${status} ${text}`);
  return id;
}

/** The workers of a listener's master, which were started with the listener's directory in their arguments. */
function workersOf(id) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const own = pids.filter((pid) => read(`/proc/${pid}/cmdline`).includes(`${id}/live.cfg`));
  const parents = new Set(own);
  return own.filter((pid) => parents.has(parentOf(pid))).map(Number);
}

function parentOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function resultOf(heard, [living]) {
  const spans = heard.slice(1).map(({ atMs }, index) => atMs - heard[index].atMs);
  const meanMs = (heard.at(-1).atMs - heard[0].atMs) / spans.length;
  const missing = heard.filter(({ listeners }) => !listeners.includes(living)).length;
  const startMs = heard[0].atMs;
  const latest = Math.max(...heard.map(({ atMs }, turn) => atMs - startMs - turn * meanMs));
  const drift = Math.abs(meanMs / (intervalS * 1_000) - 1) * 100;
  return {
    metrics: [
      {
        name: 'drift',
        unit: '%',
        digits: 3,
        series: [{ subject: 'amphorad', values: [drift] }],
        bound: { subject: 'amphorad', of: 'median', most: 1 },
      },
      {
        name: 'from message to message',
        unit: 'ms',
        digits: 0,
        series: [{ subject: 'amphorad', values: spans }],
      },
      {
        name: 'the latest message, after its time',
        unit: 'ms',
        digits: 0,
        series: [{ subject: 'amphorad', values: [latest] }],
        bound: { subject: 'amphorad', of: 'median', most: latestMs },
      },
      {
        name: 'messages without the other load balancer',
        unit: 'messages',
        digits: 0,
        series: [{ subject: 'amphorad', values: [missing] }],
        bound: { subject: 'amphorad', of: 'median', most: 0 },
      },
    ],
    notes: [
      `${heard.length} messages; drift is of the mean interval, from the first arrival to the last. The one that waits for the stopped haproxy may come a tenth of the interval late, once.`,
    ],
  };
}
