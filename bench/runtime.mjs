// The runtime API over one haproxy: how long it takes to list a backend of 500 servers, against haproxy's own answers to
// the same two commands, how soon an added server is used, and whether 40 requests at once on one socket, where haproxy takes 10 connections, all succeed.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { startMembers, timeToTraffic } from './runtime-additions.mjs';
import { prepareAmphorad, prepareDirectory } from './servers.mjs';

const servers = 500;
const pools = 40;
const listings = 60;
const rounds = 10;
const additions = 20;
const quick = { listings: 5, rounds: 2, additions: 2 };
const startDeadlineMs = 10_000;
const endGraceMs = 5_000;
// A read joins an identical one of the last 100 ms: that would be measuring nothing.
const apartMs = 120;
const subject = `GET …/servers of ${servers} servers`;
const path = '/api/v1/haproxy/backends';

/** The benchmark. */
export const runtime = {
  name: 'runtime',
  title: 'the runtime API over one haproxy socket',
  deadlineMs: 180_000,
  run,
};

async function run({ quick: isQuick, signal, progress }) {
  const count = isQuick ? quick : { listings, rounds, additions };
  const prepared = prepareDirectory();
  const socket = join(prepared.directory, 'haproxy.sock');
  const members = await startMembers();
  const entry = await freePort();
  const haproxy = startHaproxy(prepared.directory, socket, entry, members.ports[0]);
  const port = await freePort();
  const local = `[runtime_api]\nbind = ${loopback}:${port}\ninstances = ${socket}\n`;
  const server = await prepareAmphorad(prepared, { local });
  const child = server.start();
  const pool = new Agent({ keepAlive: true });
  const get = (rest) => answerOf({ host: loopback, port, path: `${path}${rest}`, agent: pool });
  const call = (method, rest, body) =>
    answerOf({ host: loopback, port, path: `${path}${rest}`, agent: pool, method }, JSON.stringify(body));
  const fetchOne = async () => (await answerOf({ host: loopback, port: entry, agent: pool })).text;
  try {
    const isUp = async () => (await get('').catch(() => ({ status: 0 }))).status === 200;
    if (!(await waitUntil(isUp, startDeadlineMs, signal))) throw new Error('the runtime API does not answer');
    const ours = [];
    const bare = [];
    for (let one = 0; one < count.listings; one += 1) {
      signal.throwIfAborted();
      progress(`runtime: listing ${one + 1} of ${count.listings}`);
      await sleep(apartMs);
      ours.push(await timeOf(async () => requireAll(await get('/large/servers'))));
      bare.push(
        await timeOf(() => Promise.all([ask(socket, 'show stat'), ask(socket, 'show servers state large')])),
      );
    }
    const failed = [];
    const times = [];
    for (let round = 0; round < count.rounds; round += 1) {
      signal.throwIfAborted();
      progress(`runtime: round ${round + 1} of ${count.rounds}`);
      await sleep(apartMs);
      const all = Array.from({ length: pools }, (_, index) => get(`/pool${index}/servers`));
      times.push(
        await timeOf(async () =>
          failed.push((await Promise.all(all)).filter(({ status }) => status !== 200).length),
        ),
      );
    }
    const untilTraffic = [];
    for (let one = 0; one < count.additions; one += 1) {
      signal.throwIfAborted();
      progress(`runtime: addition ${one + 1} of ${count.additions}`);
      untilTraffic.push(await timeToTraffic({ call, fetchOne, port: members.ports[1] }));
    }
    return {
      metrics: [
        {
          name: 'time until an added server is used',
          unit: 'ms',
          digits: 1,
          series: [{ subject: 'from POST …/servers on', values: untilTraffic }],
          bound: { subject: 'from POST …/servers on', of: 'most', most: 2_000 },
        },
        {
          name: 'time to the list',
          unit: 'ms',
          digits: 1,
          series: [
            { subject, values: ours },
            { subject: 'haproxy: show stat and show servers state', values: bare },
          ],
          bound: { subject, of: 'median', most: 50 },
        },
        {
          name: `answers other than 200 of ${pools} at once`,
          unit: '',
          digits: 0,
          series: [{ subject: 'one socket', values: failed }],
          bound: { subject: 'one socket', of: 'most', most: 0 },
        },
        {
          name: `time until all ${pools} are there`,
          unit: 'ms',
          digits: 1,
          series: [{ subject: 'one socket', values: times }],
        },
      ],
      notes: [
        `One haproxy with ${servers} servers in one backend and ${pools} more backends, one stats socket at its default of 10 connections; kept-alive connections to a plain listener. Listings are ${apartMs} ms apart, so that none joins the reads of another; the ${pools} at once ask for as many different backends.`,
      ],
    };
  } finally {
    pool.destroy();
    await child.end(endGraceMs);
    await end(haproxy);
    members.close();
    prepared.remove();
  }
}

function requireAll({ status, text }) {
  const { data } = JSON.parse(text);
  if (status !== 200 || data.count !== servers) throw new Error(`${status} with ${data?.count} servers`);
}

async function timeOf(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function answerOf(options, body) {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function ask(socket, command) {
  return new Promise((resolve, reject) => {
    let text = '';
    const connection = connect(socket);
    connection.on('data', (chunk) => (text += chunk));
    connection.on('end', () => resolve(text));
    connection.on('error', reject);
    connection.end(`${command}\n`);
  });
}

function startHaproxy(directory, socket, entry, firstMember) {
  const config = join(directory, 'haproxy.cfg');
  const list = (count) =>
    Array.from({ length: count }, (_, index) => `  server s${index} ${loopback}:9`).join('\n');
  const small = Array.from({ length: pools }, (_, index) => `backend pool${index}\n${list(1)}`).join('\n');
  writeFileSync(
    config,
    `global
  stats socket ${socket} level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend entry
  bind ${loopback}:${entry}
  default_backend grows
backend grows
  balance roundrobin
  server first ${loopback}:${firstMember}
backend large
${list(servers)}
${small}
`,
  );
  return spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' });
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
