// How many requests an agent answers and what each costs: reads that controllers make, over kept connections and with a
// new one each time, one at a time and sixteen. An agent that closes its connection is connected to again.
import { randomUUID } from 'node:crypto';
import { createLoad } from './load.mjs';
import { octaviaNotes, prepareAgents, startAgents } from './agents.mjs';
import { configurationOf, idleMembers } from './configuration.mjs';
import { octavia } from './octavia/agent.mjs';
import { cpuSecondsOf } from './processes.mjs';
import { amphorad, bareHttpsName, prepareBareHttps } from './servers.mjs';
import { freePort, waitUntil } from '../scripts/demo/loopback.mjs';
import { quantile } from './statistics.mjs';

const paths = ['info', 'details', 'listeners'];
const rounds = 3;
const windowMs = 800;
const quick = { rounds: 1, windowMs: 300 };
const warmUp = { most: 300, forMs: 2_000 };
const endGraceMs = 5_000;

/** The benchmark. */
export const api = {
  name: 'api',
  title: 'requests over mutual TLS: /1.0/info, /1.0/details, /1.0/listeners',
  deadlineMs: 400_000,
  run,
};

const modes = paths.flatMap((path) =>
  [true, false].flatMap((isPooled) => [1, 16].map((connections) => ({ path, isPooled, connections }))),
);
const nameOf = ({ path, isPooled, connections }) =>
  `/${path}, ${connections} × ${isPooled ? 'kept connection' : 'a new connection each'}`;

async function run({ quick: isQuick, signal, progress }) {
  const counts = isQuick ? quick : { rounds, windowMs };
  const { prepared, agents, remove } = await prepareAgents();
  const running = [];
  try {
    running.push(...(await startAgents(agents, { prepared, signal })));
    for (const agent of running) await serveOne(agent);
    const bare = await startBare(prepared);
    running.push(bare);
    const client = createLoad(prepared.certs);
    for (const { port } of running)
      await client.run({ port, paths: paths.map(urlOf), connections: 4, isPooled: true, ...warmUp, signal });
    const samples = new Map(
      modes.map((mode) => [mode, new Map(running.map(({ subject }) => [subject, []]))]),
    );
    for (let round = 0; round < counts.rounds; round += 1) {
      for (const mode of modes) {
        progress(`api: round ${round + 1} of ${counts.rounds}, ${nameOf(mode)}`);
        for (const agent of round % 2 === 0 ? running : running.toReversed()) {
          // Bare node:https answers every path alike.
          if (agent === bare && mode.path !== 'info') continue;
          const taken = await measure(client, agent, mode, counts.windowMs, signal);
          samples.get(mode).get(agent.subject).push(taken);
        }
      }
    }
    return { metrics: [...samples].flatMap(metricsOf), notes: [...notes, ...octaviaNotes()] };
  } finally {
    for (const each of running) await each.end();
    await remove();
  }
}

const notes = [
  'Requests a second: more is better. A closed loop of one client process beside the agent; a window of 0.8 s for each figure and round.',
  'A kept connection: what a session with a pool has; who closes it is connected to again.',
  'CPU: user and system time of all processes of the agent and of what they started and waited for, for each request.',
  'Both agents serve one load balancer with one listener and 5 members.',
];

async function serveOne(agent) {
  const id = randomUUID();
  const text = configurationOf(agent.basePath, id, {
    listeners: [{ id: randomUUID(), port: await freePort() }],
    members: idleMembers(5),
  });
  await agent.upload(id, text);
  await agent.act(id, 'start');
}

async function startBare(prepared) {
  const bare = await prepareBareHttps(prepared);
  const child = bare.start();
  const client = createLoad(prepared.certs);
  const isUp = () =>
    client.run({ port: bare.port, paths: ['/'], connections: 1, isPooled: true, most: 1 }).then(
      () => true,
      () => false,
    );
  await waitUntil(isUp, endGraceMs);
  return { ...bare, processes: () => [child.pid], end: () => child.end(endGraceMs) };
}

const urlOf = (path) => `/1.0/${path}`;

async function measure(client, agent, { path, isPooled, connections }, forMs, signal) {
  const before = cpuSecondsOf(agent.processes());
  const { latencies, seconds } = await client.run({
    port: agent.port,
    paths: [urlOf(path)],
    connections,
    isPooled,
    forMs,
    signal,
  });
  return {
    rate: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpu: ((cpuSecondsOf(agent.processes()) - before) * 1_000) / latencies.length,
  };
}

function metricsOf([mode, samples]) {
  const metric = (name, unit, digits, key, bounds = []) => ({
    name: `${nameOf(mode)}: ${name}`,
    unit,
    digits,
    baselines: [octavia, bareHttpsName],
    series: [...samples]
      .filter(([, taken]) => taken.length > 0)
      .map(([subject, taken]) => ({ subject, values: taken.map((sample) => sample[key]) })),
    bounds,
  });
  return [
    metric('rate', '/s', 0, 'rate', rateBounds(mode)),
    metric('p50', 'ms', 2, 'p50'),
    metric('p99', 'ms', 2, 'p99', p99Bounds(mode)),
    metric('CPU', 'ms', 2, 'cpu'),
  ];
}

const bound = (to, more) => ({ subject: amphorad, of: 'ratio', to, ...more });

function rateBounds({ path, isPooled }) {
  if (isPooled) {
    const least = { info: 100, details: 60 }[path];
    return least === undefined ? [] : [bound(octavia, { least })];
  }
  return path === 'info' ? [bound(octavia, { least: 4 }), bound(bareHttpsName, { least: 0.85 })] : [];
}

const p99Bounds = ({ path, isPooled }) =>
  isPooled && path !== 'listeners' ? [bound(octavia, { most: 1 / 20 })] : [];
