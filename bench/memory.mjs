// What all processes of an agent hold in memory: idle, and after requests and uploads, ours and the real agent. And that
// ours holds no more after a hundred thousand requests than after the first ten thousand.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../scripts/demo/loopback.mjs';
import { octaviaNotes, prepareAgents, startAgent } from './agents.mjs';
import { configurationOf, idleMembers } from './configuration.mjs';
import { createLoad } from './load.mjs';
import { octavia } from './octavia/agent.mjs';
import { memoryOfAll } from './processes.mjs';
import { amphorad } from './servers.mjs';

// The real agent answers some thirty requests a second: fewer, in steps that show whether it grows.
const full = { requests: 10_000, uploads: 1_000, theirRequests: 1_000, theirUploads: 100, growth: 100_000 };
const quick = { requests: 200, uploads: 20, theirRequests: 40, theirUploads: 6, growth: 2_000 };
const steps = 5;
const growthSteps = 10;
const uploadsAtOnce = 2;
const settleMs = 1_000;
const looks = 4;
const lookMs = 200;
const paths = ['/1.0/info', '/1.0/details', '/1.0/listeners'];

/** The benchmark. */
export const memory = {
  name: 'memory',
  title: 'memory of all processes of an agent: idle, and after requests and uploads',
  deadlineMs: 900_000,
  run,
};

async function run({ quick: isQuick, signal, progress }) {
  const counts = isQuick ? quick : full;
  const { prepared, agents, remove } = await prepareAgents();
  const client = createLoad(prepared.certs);
  const taken = new Map();
  try {
    // Both at once: memory does not mind how fast it goes, and the real agent takes a minute for its part.
    const settled = await Promise.allSettled(
      agents.map(async (agent) =>
        taken.set(agent.subject, await measure(agent, { prepared, client, counts, signal, progress })),
      ),
    );
    const failed = settled.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } finally {
    await remove();
  }
  const inOrder = new Map(agents.map(({ subject }) => [subject, taken.get(subject)]));
  return { metrics: metricsOf(inOrder, counts), notes: notesOf(inOrder, counts) };
}

async function measure(agent, { prepared, client, counts, signal, progress }) {
  const isOurs = agent.subject === amphorad;
  const running = await startAgent(agent, { prepared, signal });
  try {
    const requests = isOurs ? counts.requests : counts.theirRequests;
    const uploads = isOurs ? counts.uploads : counts.theirUploads;
    const load = await loaded(running, client, { requests, uploads, signal, progress });
    return { ...load, growth: isOurs ? await grown(running, client, counts, { signal, progress }) : [] };
  } finally {
    await running.end();
  }
}

async function loaded(agent, client, { requests, uploads, signal, progress }) {
  const id = randomUUID();
  const textOf = await textsOf(agent, id);
  await agent.upload(id, textOf());
  await agent.act(id, 'start');
  const idle = await held(agent);
  const course = [idle.pss];
  for (let step = 1; step <= steps; step += 1) {
    progress(`memory: ${agent.subject}, step ${step} of ${steps}`);
    await client.run({
      port: agent.port,
      paths,
      connections: 4,
      isPooled: true,
      most: requests / steps,
      signal,
    });
    await uploadMany(agent, id, textOf, uploads / steps);
    course.push((await held(agent)).pss);
  }
  return { idle, after: await held(agent), course, requests, uploads };
}

async function textsOf(agent, id) {
  const listeners = [{ id: randomUUID(), port: await freePort() }];
  let serial = 0;
  return () =>
    configurationOf(agent.basePath, id, { listeners, members: idleMembers(10) }).replace(
      'maxconn 2000',
      `maxconn ${2_000 + (serial += 1)}`,
    );
}

async function uploadMany(agent, id, textOf, count) {
  let left = count;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      await agent.upload(id, textOf());
    }
  };
  await Promise.all(Array.from({ length: uploadsAtOnce }, work));
}

/** The least of some looks: garbage that is about to be collected is no growth. */
async function held(agent) {
  await sleep(settleMs);
  const seen = [];
  for (let look = 0; look < looks; look += 1) {
    seen.push(memoryOfAll(agent.processes()));
    await sleep(lookMs);
  }
  return { pss: Math.min(...seen.map(({ pss }) => pss)), rss: Math.min(...seen.map(({ rss }) => rss)) };
}

async function grown(agent, client, { growth }, { signal, progress }) {
  const course = [];
  for (let step = 1; step <= growthSteps; step += 1) {
    progress(`memory: growth of ${agent.subject}, step ${step} of ${growthSteps}`);
    await client.run({
      port: agent.port,
      paths,
      connections: 4,
      isPooled: true,
      most: growth / growthSteps,
      signal,
    });
    course.push((await held(agent)).pss);
  }
  return course;
}

function metricsOf(taken, { growth }) {
  const metric = (name, valueOf, bounds = []) => ({
    name,
    unit: 'MiB',
    digits: 1,
    baselines: [octavia],
    series: [...taken].map(([subject, each]) => ({ subject, values: [valueOf(each)] })),
    bounds,
  });
  const bound = (most) => [{ subject: amphorad, of: 'ratio', to: octavia, most }];
  const [first, ...rest] = taken.get(amphorad).growth;
  const [early, late] = [`after ${growth / growthSteps} more requests`, `after ${growth} more requests`];
  return [
    metric('PSS, idle', ({ idle }) => idle.pss, bound(0.5)),
    metric('PSS, after requests and uploads', ({ after }) => after.pss, bound(0.55)),
    metric('RSS of ours, PSS of theirs, idle', (each) =>
      each === taken.get(amphorad) ? each.idle.rss : each.idle.pss,
    ),
    metric('RSS of ours, PSS of theirs, after', (each) =>
      each === taken.get(amphorad) ? each.after.rss : each.after.pss,
    ),
    {
      name: `PSS of ${amphorad}`,
      unit: 'MiB',
      digits: 1,
      baselines: [early],
      series: [
        { subject: late, values: [rest.at(-1)] },
        { subject: early, values: [first] },
      ],
      bounds: [{ subject: late, of: 'ratio', to: early, most: 1.05 }],
    },
  ];
}

function notesOf(taken, { growth }) {
  const figures = (course) => course.map((value) => value.toFixed(1)).join(', ');
  return [
    ...[...taken].map(
      ([subject, { course, requests, uploads }]) =>
        `${subject}: idle and after each fifth of ${requests} requests and ${uploads} uploads: ${figures(course)} MiB. The requests are a third each of info, details and listeners.`,
    ),
    `${amphorad}, after each tenth of ${growth} further requests: ${figures(taken.get(amphorad).growth)} MiB.`,
    "PSS divides the program text of node by the Node processes that run, this benchmark's own included; on an amphora ours is the only one. Its RSS is what it holds there, beside the PSS of the processes of the real agent, which share with each other only.",
    ...octaviaNotes(),
  ];
}
