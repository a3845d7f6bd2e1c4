// How long from starting the process to its first answer over mTLS, and what it then holds in memory: amphorad
// against bare node:https and the real Octavia agent, in turns, so that all see the same moods of the machine.
import { setTimeout as sleep } from 'node:timers/promises';
import { octaviaNotes, prepareAgents } from './agents.mjs';
import { createMutualClient } from './mutual-client.mjs';
import { octavia } from './octavia/agent.mjs';
import { memoryOfAll } from './processes.mjs';
import { amphorad, bareHttpsName, prepareBareHttps } from './servers.mjs';

const runs = 11;
const quickRuns = 3;
const reconnectMs = 2;
const answerDeadlineMs = 20_000;
const idleMs = 500;
const endGraceMs = 5_000;

/** The benchmark. */
export const start = {
  name: 'start',
  title: 'process start to first answer, and memory then',
  deadlineMs: 240_000,
  run,
};

async function run({ quick, signal, progress }) {
  const { prepared, agents, remove } = await prepareAgents();
  try {
    const client = createMutualClient(prepared.certs);
    const servers = [...agents, await prepareBareHttps(prepared)];
    const samples = new Map(servers.map(({ subject }) => [subject, []]));
    const rounds = quick ? quickRuns : runs;
    // One start of each that does not count: the first reads its files from disk.
    for (const server of servers) await measureOnce(server, client, signal);
    for (let round = 0; round < rounds; round += 1) {
      progress(`start: round ${round + 1} of ${rounds}`);
      // Each goes first every other time.
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        samples.get(server.subject).push(await measureOnce(server, client, signal));
      }
    }
    return { metrics: metricsOf(samples), notes: [...notes, ...octaviaNotes()] };
  } finally {
    await remove();
  }
}

const notes = [
  `Warm disk. The client reconnects every ${reconnectMs} ms until GET /1.0/info answers 200.`,
  `Memory is read ${idleMs} ms after that answer. PSS shares the program text of node among all Node processes that run, this benchmark's own included: compare it within a run only.`,
];

async function measureOnce(server, client, signal) {
  signal.throwIfAborted();
  const begin = performance.now();
  const child = server.start();
  try {
    await firstAnswer(server, child, client, signal);
    const milliseconds = performance.now() - begin;
    await sleep(idleMs, undefined, { signal });
    return { milliseconds, ...memoryOfAll(server.processesOf(child)) };
  } finally {
    await child.end(endGraceMs);
  }
}

async function firstAnswer({ subject, port }, child, client, signal) {
  const deadline = performance.now() + answerDeadlineMs;
  for (;;) {
    try {
      const { status, text } = await client.get(port, '/1.0/info');
      if (status !== 200) throw new Error(`${subject} answers ${status} ${text}`);
      return;
    } catch (thrown) {
      if (thrown.code !== 'ECONNREFUSED') throw thrown;
    }
    const ended = child.ended();
    if (ended !== undefined) throw new Error(`${subject}: ${ended}\n${child.lastWords()}`);
    if (performance.now() > deadline) throw new Error(`${subject} does not answer\n${child.lastWords()}`);
    await sleep(reconnectMs, undefined, { signal });
  }
}

function metricsOf(samples) {
  const metric = (name, unit, digits, key, bounds = []) => ({
    name,
    unit,
    digits,
    baselines: [octavia, bareHttpsName],
    series: [...samples].map(([subject, taken]) => ({ subject, values: taken.map((sample) => sample[key]) })),
    bounds,
  });
  const bound = (most) => [{ subject: amphorad, of: 'ratio', to: octavia, most }];
  return [
    metric('start to first answer', 'ms', 0, 'milliseconds', bound(1 / 6)),
    metric('memory, PSS', 'MiB', 1, 'pss'),
    metric('memory, RSS', 'MiB', 1, 'rss'),
  ];
}
