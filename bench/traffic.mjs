// What changes cost those who use the load balancer: requests a second through haproxy while a controller changes a
// weight ten times a second, or as often as the agent can, against the same haproxy left alone.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBackend } from '../scripts/demo/backends.mjs';
import { freePort } from '../scripts/demo/loopback.mjs';
import { startLoad } from '../scripts/demo/traffic.mjs';
import { octaviaNotes, prepareAgents, startAgents } from './agents.mjs';
import { configurationOf } from './configuration.mjs';
import { octavia } from './octavia/agent.mjs';
import { amphorad } from './servers.mjs';

const windowMs = 3_000;
const rounds = 4;
const quick = { windowMs: 1_000, rounds: 1 };
const everyMs = 100;
const load = { keptAlive: 8, fresh: 0, mostRequests: Infinity };
const restMs = 300;

/** The benchmark. */
export const traffic = {
  name: 'traffic',
  title: 'requests through haproxy, with and without 10 changes a second',
  deadlineMs: 300_000,
  run,
};

async function run({ quick: isQuick, signal, progress }) {
  const counts = isQuick ? quick : { windowMs, rounds };
  const { prepared, agents, remove } = await prepareAgents();
  const backends = [await startBackend('a'), await startBackend('b')];
  const undo = [remove, ...backends.map(({ close }) => close)];
  try {
    const running = await startAgents(agents, { prepared, signal });
    for (const agent of running) undo.push(agent.end);
    const subjects = [];
    for (const agent of running) subjects.push(await serveBy(agent, backends));
    const samples = new Map();
    for (let round = 0; round < counts.rounds; round += 1) {
      for (const one of round % 2 === 0 ? subjects : subjects.toReversed()) {
        for (const isChanged of round % 2 === 0 ? [true, false] : [false, true]) {
          const name = nameOf(one.subject, isChanged);
          progress(`traffic: round ${round + 1} of ${counts.rounds}, ${name}`);
          const taken = await measure(one, isChanged, counts.windowMs, signal);
          samples.set(name, [...(samples.get(name) ?? []), taken]);
        }
      }
    }
    return {
      metrics: subjects.flatMap(({ subject }) => metricsOf(subject, samples)),
      notes: [...notesOf(samples), ...octaviaNotes()],
    };
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

const nameOf = (subject, isChanged) => `${subject}, ${isChanged ? 'with' : 'without'} changes`;

async function serveBy(agent, backends) {
  const id = randomUUID();
  const port = await freePort();
  const listeners = [{ id: randomUUID(), port }];
  let turn = 0;
  const next = () =>
    configurationOf(agent.basePath, id, {
      listeners,
      members: backends.map(({ name, port: at }, index) => ({
        name,
        port: at,
        weight: index === 0 ? 10 : 10 + ((turn += 1) % 2),
      })),
    });
  await agent.upload(id, next());
  await agent.act(id, 'start');
  const change = async () => {
    await agent.upload(id, next());
    await agent.act(id, 'reload');
  };
  return { subject: agent.subject, port, change };
}

async function measure({ port, change }, isChanged, forMs, signal) {
  await sleep(restMs);
  const users = startLoad(port, load, signal);
  const begin = performance.now();
  const isOver = () => performance.now() - begin >= forMs;
  let changes = 0;
  while (!isOver()) {
    const next = performance.now() + everyMs;
    if (isChanged) {
      await change();
      changes += 1;
    }
    await sleep(Math.max(0, Math.min(next, begin + forMs) - performance.now()));
  }
  const { answered, failures } = await users.stop();
  const seconds = (performance.now() - begin) / 1_000;
  return { rate: answered / seconds, changes: changes / seconds, failures: failures.length };
}

function metricsOf(subject, samples) {
  const [changed, alone] = [nameOf(subject, true), nameOf(subject, false)];
  const series = (key, names) =>
    names.map((name) => ({ subject: name, values: samples.get(name).map((sample) => sample[key]) }));
  return [
    {
      name: `requests through the haproxy of ${subject}`,
      unit: '/s',
      digits: 0,
      isPlotted: true,
      baselines: [alone],
      series: series('rate', [changed, alone]),
    },
    {
      name: `changes done by ${subject}`,
      unit: '/s',
      digits: 1,
      baselines: [],
      hasNoRatio: true,
      series: series('changes', [changed]),
    },
  ];
}

function notesOf(samples) {
  const failed = (subject) =>
    [true, false]
      .flatMap((isChanged) => samples.get(nameOf(subject, isChanged)) ?? [])
      .reduce((sum, { failures }) => sum + failures, 0);
  const told = [amphorad, octavia].filter((subject) => samples.has(nameOf(subject, true)));
  return [
    'Requests a second: more is better. Eight clients over kept connections, one after the other each; they and the two members are one process, so the machine is full in both cases.',
    'A change: a weight, the whole configuration uploaded, then reload; the next one 100 ms after the beginning of the last, or when it is done.',
    `Requests that failed: ${told.map((subject) => `${failed(subject)} (${subject})`).join(', ')}.`,
  ];
}
