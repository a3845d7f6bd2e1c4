// How long a new configuration takes to serve: from the PUT to the first answer of the listener that it adds, with 10,
// 100 and 1,000 members. Limit: haproxy checked and signalled by a shell.
import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBackend } from '../scripts/demo/backends.mjs';
import { freePort, loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { octaviaNotes, prepareAgents, startAgents } from './agents.mjs';
import { startBareHaproxy } from './bare-haproxy.mjs';
import { configurationOf } from './configuration.mjs';
import { octavia } from './octavia/agent.mjs';
import { amphorad } from './servers.mjs';

const sizes = [10, 100, 1_000];
const rounds = 9;
const quickRounds = 2;
const deadlineMs = 20_000;
const pollMs = 1;
const bare = 'haproxy -c and SIGUSR2';

/** The benchmark. */
export const apply = {
  name: 'apply',
  title: 'PUT of a configuration, reload, the new listener answers',
  deadlineMs: 300_000,
  run,
};

async function run({ quick, signal, progress }) {
  const { prepared, agents, remove } = await prepareAgents();
  const backend = await startBackend('member');
  const undo = [remove, backend.close];
  try {
    const running = await startAgents(agents, { prepared, signal });
    for (const agent of running) undo.push(agent.end);
    const metrics = [];
    for (const size of sizes) {
      const members = Array.from({ length: size }, (_, index) => ({
        name: `member-${index}`,
        port: backend.port,
      }));
      const subjects = [];
      for (const agent of running) subjects.push(await serveBy(agent, members));
      const limit = await serveBare(prepared, members);
      undo.push(limit.end);
      subjects.push(limit);
      metrics.push(
        ...(await measureSize(size, subjects, quick ? quickRounds : rounds, { signal, progress })),
      );
    }
    return { metrics, notes: [...notes, ...octaviaNotes()] };
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

const notes = [
  'From the first byte of the PUT to the first answer through the new listener, which is asked from the reload call on, each time on a new connection, 1 ms apart.',
  'Each round adds one listener and removes that of the round before, beside one that stays.',
];

async function serveBy(agent, members) {
  const id = randomUUID();
  const textOf = await textsOf(agent.basePath, id, members);
  await agent.upload(id, textOf());
  await agent.act(id, 'start');
  return {
    subject: agent.subject,
    textOf,
    upload: (text) => agent.upload(id, text),
    reload: () => agent.act(id, 'reload'),
    workers: () => agent.workers(id),
  };
}

async function serveBare({ directory }, members) {
  let textOf;
  const first = { id: randomUUID(), port: await freePort() };
  const haproxy = await startBareHaproxy(directory, (basePath, id) => {
    textOf = (port) => textWith(basePath, id, { first, port, members });
    return textOf();
  });
  let text;
  return {
    subject: bare,
    textOf,
    upload: async (given) => (text = given),
    reload: () => haproxy.reload(text),
    workers: haproxy.workers,
    end: haproxy.end,
  };
}

async function textsOf(basePath, id, members) {
  const first = { id: randomUUID(), port: await freePort() };
  return (port) => textWith(basePath, id, { first, port, members });
}

const textWith = (basePath, id, { first, port, members }) =>
  configurationOf(basePath, id, {
    listeners: [first, ...(port === undefined ? [] : [{ id: randomUUID(), port }])],
    members,
  });

async function measureSize(size, subjects, count, { signal, progress }) {
  const samples = new Map(subjects.map(({ subject }) => [subject, []]));
  for (let round = -1; round < count; round += 1) {
    progress(`apply: ${size} members, round ${round + 1} of ${count}`);
    for (const one of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const taken = await measureOnce(one, signal);
      // The first of each does not count.
      if (round >= 0) samples.get(one.subject).push(taken);
    }
  }
  return metricsOf(size, samples);
}

async function measureOnce({ subject, textOf, upload, reload, workers }, signal) {
  const port = await freePort();
  const text = textOf(port);
  // Old workers end as soon as nobody is connected: they must not take time from the next.
  await waitUntil(() => workers().length === 1, deadlineMs, signal);
  const begin = performance.now();
  await upload(text);
  const uploaded = performance.now();
  const reloading = reload().then(() => performance.now());
  const [reloaded, answered] = await Promise.all([reloading, firstAnswer(port, subject, signal)]);
  return { all: answered - begin, upload: uploaded - begin, reload: reloaded - uploaded };
}

async function firstAnswer(port, subject, signal) {
  const deadline = performance.now() + deadlineMs;
  while ((await statusOf(port)) !== 200) {
    signal.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`${subject}: the new listener does not answer`);
    await sleep(pollMs);
  }
  return performance.now();
}

function statusOf(port) {
  return new Promise((resolve) => {
    get({ host: loopback, port, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    }).once('error', () => resolve(undefined));
  });
}

function metricsOf(size, samples) {
  const metric = (name, key, bounds = [], isOf = () => true) => ({
    name: `${size} members: ${name}`,
    unit: 'ms',
    digits: 0,
    baselines: [octavia, bare],
    series: [...samples]
      .filter(([subject]) => isOf(subject))
      .map(([subject, taken]) => ({ subject, values: taken.map((sample) => sample[key]) })),
    bounds,
  });
  const isAgent = (subject) => subject !== bare;
  return [
    metric('PUT to the answer', 'all', [
      { subject: amphorad, of: 'ratio', to: bare, most: 1.3 },
      { subject: amphorad, of: 'ratio', to: octavia, most: 0.5 },
    ]),
    metric('the PUT', 'upload', [], isAgent),
    metric('the reload call', 'reload', [], isAgent),
  ];
}
