// Changes of one member as a controller makes them, the whole configuration uploaded again, then a reload, under load:
// how long until traffic follows, how many took a new worker, how many requests failed. Limits: `haproxy -c` for the
// upload, the same changes by bare commands on haproxy's socket for the rest.
import { randomUUID } from 'node:crypto';
import { startBackend } from '../scripts/demo/backends.mjs';
import { freePort, waitUntil } from '../scripts/demo/loopback.mjs';
import { startLoad } from '../scripts/demo/traffic.mjs';
import { octaviaNotes, prepareAgents, startAgents } from './agents.mjs';
import { startBareHaproxy } from './bare-haproxy.mjs';
import { configurationOf } from './configuration.mjs';
import { beginning, changesOf } from './member-changes.mjs';
import { bareCommands, metricsOf, notesOf } from './member-result.mjs';
import { tableOfPools } from './member-table.mjs';
import { follow } from './member-traffic.mjs';
import { amphorad } from './servers.mjs';

const cycles = { ours: 50, theirs: 5 };
const quickCycles = { ours: 2, theirs: 1 };
const load = { keptAlive: 4, fresh: 2, mostRequests: Infinity, pauseMs: 10 };
const settleMs = 5_000;

/** The benchmark. */
export const member = {
  name: 'member',
  title: 'one member changed, as a controller does it: upload and reload',
  deadlineMs: 600_000,
  run,
};

async function run({ quick, signal, progress }) {
  const counts = quick ? quickCycles : cycles;
  const { prepared, agents, remove } = await prepareAgents();
  const undo = [remove];
  try {
    const ports = {};
    for (const name of ['a', 'b', 'c']) {
      const backend = await startBackend(name);
      ports[name] = backend.port;
      undo.push(backend.close);
    }
    const running = await startAgents(agents, { prepared, signal });
    for (const agent of running) undo.push(agent.end);
    const subjects = [];
    for (const agent of running) subjects.push(await serveBy(agent, ports));
    const bare = await serveBare(prepared, ports);
    undo.push(bare.end);
    subjects.push(bare);
    const taken = new Map(
      subjects.map(({ subject }) => [subject, { changes: [], failures: [], answered: 0 }]),
    );
    const checks = [];
    const every = Math.max(1, Math.floor(counts.ours / counts.theirs));
    for (let cycle = 0; cycle < counts.ours; cycle += 1) {
      progress(`member: cycle ${cycle + 1} of ${counts.ours}`);
      const takesTurn = ({ subject }) => subject === amphorad || cycle % every === 0;
      for (const one of subjects.filter(takesTurn))
        await measureCycle(one, taken.get(one.subject), ports, signal);
      checks.push(await timeOf(() => bare.check()));
    }
    const table = await tableOfPools(running[0], ports, progress);
    return {
      metrics: metricsOf(taken, checks),
      tables: [table],
      notes: [...notesOf(taken), ...octaviaNotes()],
    };
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

async function serveBy(agent, ports) {
  const id = randomUUID();
  const listeners = [{ id: randomUUID(), port: await freePort() }];
  const textOf = (members) => configurationOf(agent.basePath, id, { listeners, members, isChecked: true });
  await agent.upload(id, textOf(beginning(ports)));
  await agent.act(id, 'start');
  return {
    subject: agent.subject,
    pool: `pool-of:${id}`,
    port: listeners[0].port,
    upload: (members) => agent.upload(id, textOf(members)),
    act: () => agent.act(id, 'reload'),
    workers: () => agent.workers(id),
  };
}

async function serveBare({ directory }, ports) {
  const listeners = [{ id: randomUUID(), port: await freePort() }];
  const textOf = (basePath, id, members) =>
    configurationOf(basePath, id, { listeners, members, isChecked: true });
  const haproxy = await startBareHaproxy(directory, (basePath, id) => textOf(basePath, id, beginning(ports)));
  return {
    subject: bareCommands,
    pool: `pool-of:${haproxy.id}`,
    port: listeners[0].port,
    upload: () => undefined,
    act: async (_members, { commands }) => {
      for (const command of commands) await haproxy.ask(command);
    },
    after: ({ after }) => after && waitUntil(async () => /deleted/.test(await haproxy.ask(after)), settleMs),
    workers: haproxy.workers,
    check: () => haproxy.check(textOf(haproxy.basePath, haproxy.id, beginning(ports))),
    end: haproxy.end,
  };
}

async function measureCycle(one, taken, ports, signal) {
  const users = startLoad(one.port, load, signal);
  try {
    let members = beginning(ports);
    for (const change of changesOf(ports, one.pool)) {
      members = change.change(members);
      taken.changes.push(await measureChange(one, change, members, signal));
    }
  } finally {
    const { answered, failures } = await users.stop();
    taken.failures.push(...failures);
    taken.answered += answered;
  }
}

async function measureChange(one, change, members, signal) {
  // An old worker that still ends would be taken for a new one's, and takes time.
  const before = new Set(one.workers());
  const begin = performance.now();
  await one.upload(members);
  const uploaded = performance.now();
  const acting = Promise.resolve(one.act(members, change)).then((answer) => ({
    at: performance.now(),
    applied: answer?.headers['x-amphora-applied'],
  }));
  const [acted, followed] = await Promise.all([acting, follow(one.port, change.shows, signal)]);
  await one.after?.(change);
  return {
    kind: change.kind,
    applied: acted.applied,
    isReload: one.workers().some((pid) => !before.has(pid)),
    follows: followed.at === undefined ? undefined : followed.at - uploaded,
    failures: followed.failures,
    all: acted.at - begin,
  };
}

async function timeOf(job) {
  const begin = performance.now();
  await job();
  return performance.now() - begin;
}
