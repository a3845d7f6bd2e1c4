// What slow clients cost a good one: the time to its answer, on a new connection each time, while 200 connections send
// a byte a second and 200 send nothing, against the same agent without them.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { createApi } from '../scripts/demo/api.mjs';
import { loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { prepareAmphorad, prepareDirectory } from './servers.mjs';

const slowOnes = 200;
const answers = 40;
const quickAnswers = 5;
const startDeadlineMs = 10_000;
const endGraceMs = 5_000;
const subject = `beside ${slowOnes} slow and ${slowOnes} silent connections`;

/** The benchmark. */
export const slowClients = {
  name: 'slow-clients',
  title: 'a good client beside slow ones: time to its answer',
  deadlineMs: 180_000,
  run,
};

async function run({ quick, signal, progress }) {
  const prepared = prepareDirectory();
  const server = await prepareAmphorad(prepared);
  const child = server.start(join(prepared.directory, 'agent.log'));
  const target = { address: loopback, port: server.port, certs: prepared.certs };
  const crowd = [];
  let drip;
  try {
    if (!(await waitUntil(() => isUp(target, signal), startDeadlineMs, signal)))
      throw new Error('the agent does not answer');
    const count = quick ? quickAnswers : answers;
    progress('slow-clients: alone');
    const alone = await timesOf(target, count, signal);
    // Verified ones: those without a certificate are the first to go when room is needed.
    for (let one = 0; one < slowOnes; one += 1) crowd.push(slowClient(target), silentClient(target));
    drip = setInterval(
      () => crowd.forEach((socket) => socket.isSlow && socket.writable && socket.write('x')),
      1_000,
    );
    progress('slow-clients: in the crowd');
    const crowded = await timesOf(target, count, signal);
    return {
      metrics: [
        {
          name: 'time to the answer',
          unit: 'ms',
          digits: 1,
          series: [
            { subject, values: crowded },
            { subject: 'alone', values: alone },
          ],
          bound: { subject, of: 'most', most: 1_000 },
        },
      ],
      notes: [
        'GET /info, a new connection with its handshake each time. The bound is for the slowest answer.',
      ],
    };
  } finally {
    clearInterval(drip);
    for (const socket of crowd) socket.destroy();
    await child.end(endGraceMs);
    prepared.remove();
  }
}

async function timesOf(target, count, signal) {
  const times = [];
  while (times.length < count) {
    const begin = performance.now();
    if (!(await isUp(target, signal))) throw new Error('a good client is not answered');
    times.push(performance.now() - begin);
  }
  return times;
}

async function isUp(target, signal) {
  const api = createApi(target);
  try {
    return (await api.call('GET', '/info', { signal })).status === 200;
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown.cause?.code === 'ECONNREFUSED') return false;
    throw thrown;
  } finally {
    api.close();
  }
}

function slowClient({ address, port, certs }) {
  const client = readFileSync(join(certs, 'client.pem'));
  const ca = readFileSync(join(certs, 'ca.pem'));
  const socket = connectTls({ host: address, port, ca, cert: client, key: client, servername: 'localhost' });
  // Whom the agent closes for a better one is not missed.
  socket.on('error', () => undefined);
  socket.write('GET /info HTTP/1.1\r\nX: ');
  return Object.assign(socket, { isSlow: true });
}

function silentClient({ address, port }) {
  const socket = connect(port, address);
  socket.on('error', () => undefined);
  return Object.assign(socket, { isSlow: false });
}
