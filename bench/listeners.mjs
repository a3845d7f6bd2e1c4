// What many load balancers cost: an agent that is started over 200 and 50 living haproxy groups, against one over a single
// group, in turns. haproxy serves on all the while; only the agent is started and ended.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi } from '../scripts/demo/api.mjs';
import { freePort, loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { memoryOf } from './memory-of.mjs';
import { prepareAmphorad, prepareDirectory } from './servers.mjs';

const counts = [200, 50, 1];
const quickCounts = [20, 5, 1];
const rounds = 5;
const quickRounds = 2;
const readsInARound = 9;
const uploadsAtOnce = 4;
const restoreDeadlineMs = 60_000;
const idleMs = 1_000;
const endGraceMs = 5_000;

/** The benchmark. */
export const listeners = {
  name: 'listeners',
  title: `${counts.join(', ')} load balancers: adoption, GET listeners, memory`,
  deadlineMs: 900_000,
  run,
};

async function run({ quick, signal, progress }) {
  const amphorae = [];
  try {
    for (const count of quick ? quickCounts : counts)
      amphorae.push(await prepareAmphora(count, { signal, progress }));
    const samples = new Map(amphorae.map(({ subject }) => [subject, []]));
    const count = quick ? quickRounds : rounds;
    for (let round = 0; round < count; round += 1) {
      progress(`listeners: round ${round + 1} of ${count}`);
      for (const amphora of round % 2 === 0 ? amphorae : amphorae.toReversed()) {
        samples.get(amphora.subject).push(await measureOnce(amphora, signal));
      }
    }
    return { metrics: metricsOf(samples), notes };
  } finally {
    for (const amphora of amphorae) await amphora.remove();
  }
}

const notes = [
  'Adoption: from starting the agent to its log line that all load balancers are restored; every group must keep its pid.',
  'GET listeners: one new connection, then the request that counts, on it.',
  `Memory: PSS ${idleMs} ms after the last answer.`,
];

/** Makes an amphora whose haproxy groups run and whose agent does not. */
async function prepareAmphora(count, { signal, progress }) {
  const prepared = prepareDirectory();
  const server = await prepareAmphorad(prepared);
  let starts = 0;
  const amphora = {
    ...server,
    subject: `${count} listener${count === 1 ? '' : 's'}`,
    count,
    // One for each start: what a former agent said must not count.
    nextLog: () => join(prepared.directory, `agent-${(starts += 1)}.log`),
    api: createApi({ address: loopback, port: server.port, certs: prepared.certs }),
    ids: Array.from({ length: count }, () => randomUUID()),
    remove: () => removeAmphora(amphora, prepared),
  };
  const child = await startAndRestore(amphora, 0, signal);
  try {
    const left = [...amphora.ids];
    const upload = async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        progress(`listeners: ${count - left.length} of ${count} started`);
        await createListener(amphora, id, signal);
      }
    };
    await Promise.all(Array.from({ length: uploadsAtOnce }, upload));
  } catch (thrown) {
    await child.end(endGraceMs);
    await amphora.remove();
    throw thrown;
  }
  await child.end(endGraceMs);
  return amphora;
}

async function createListener({ api }, id, signal) {
  const path = `/v0.1/listeners/${id}`;
  const body = configurationOf(id, await freePort());
  await expect(201, api.call('PUT', `/v0.1/listeners/${randomUUID()}/${id}/haproxy`, { body, signal }));
  // A port found free may be another listener's by the time it is bound: then the next try takes another.
  const started = await api.call('PUT', `${path}/start`, { signal });
  if (started.status === 202) return;
  if (!started.text.includes('is taken by listener') && !started.text.includes('in use')) {
    throw new Error(`start answers ${started.status} ${started.text}`);
  }
  await createListener({ api }, id, signal);
}

function configurationOf(id, port) {
  const members = Array.from({ length: 5 }, (_, index) => `    server member-${index} ${loopback}:9`);
  return `global
    maxconn 100

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend ${id}
    bind ${loopback}:${port}
    default_backend pool

backend pool
${members.join('\n')}
`;
}

async function measureOnce(amphora, signal) {
  signal.throwIfAborted();
  const begin = performance.now();
  const child = await startAndRestore(amphora, amphora.count, signal);
  try {
    const milliseconds = performance.now() - begin;
    const reads = [];
    for (let read = 0; read < readsInARound; read += 1) reads.push(await readListeners(amphora, signal));
    await sleep(idleMs, undefined, { signal });
    return { milliseconds, reads, ...memoryOf(child.pid) };
  } finally {
    await child.end(endGraceMs);
    amphora.api.close();
  }
}

async function startAndRestore({ start, nextLog, subject }, wanted, signal) {
  const log = nextLog();
  const child = start(log);
  const found = await waitUntil(() => child.ended() ?? restoredIn(log), restoreDeadlineMs, signal);
  if (found === String(wanted)) return child;
  const words = child.lastWords();
  await child.end(endGraceMs);
  throw new Error(`${subject}: ${found ?? 'nothing'} adopted instead of ${wanted}\n${words}`);
}

/** How many were adopted, as the agent's log says once all are restored. */
function restoredIn(log) {
  return /load balancers restored.*?adopted=(\d+)/.exec(readFileSync(log, 'utf8'))?.[1];
}

async function readListeners({ api, count }, signal) {
  await expect(200, api.call('GET', '/info', { signal }));
  const begin = performance.now();
  const { body } = await expect(200, api.call('GET', '/v0.1/listeners', { signal }));
  const milliseconds = performance.now() - begin;
  const active = body.filter(({ status }) => status === 'ACTIVE').length;
  if (active !== count) throw new Error(`${active} of ${count} listeners are ACTIVE`);
  return milliseconds;
}

async function expect(status, call) {
  const answer = await call;
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`);
  return answer;
}

/** Ends every haproxy by deleting its listener, and removes the directory. */
async function removeAmphora(amphora, prepared) {
  const log = amphora.nextLog();
  const child = amphora.start(log);
  await waitUntil(() => child.ended() ?? restoredIn(log), restoreDeadlineMs);
  for (const id of amphora.ids) await amphora.api.call('DELETE', `/v0.1/listeners/${id}`);
  await child.end(endGraceMs);
  amphora.api.close();
  prepared.remove();
}

function metricsOf(samples) {
  const series = (valuesOf) => [...samples].map(([subject, taken]) => ({ subject, values: valuesOf(taken) }));
  const [subject] = samples.keys();
  return [
    {
      name: 'adoption',
      unit: 'ms',
      digits: 0,
      series: series((taken) => taken.map(({ milliseconds }) => milliseconds)),
      bound: { subject, of: 'median', most: 3_000 },
    },
    {
      name: 'GET listeners',
      unit: 'ms',
      digits: 1,
      series: series((taken) => taken.flatMap(({ reads }) => reads)),
      bound: { subject, of: 'median', most: 200 },
    },
    {
      name: 'memory, PSS',
      unit: 'MiB',
      digits: 1,
      series: series((taken) => taken.map(({ pss }) => pss)),
      bound: { subject, of: 'ratio', most: 1.5 },
    },
  ];
}
