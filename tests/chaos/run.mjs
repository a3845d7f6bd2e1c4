// The course of one run: all into service, everything at once, a calm in which nothing fails on purpose, the verdict.
import { createApi } from '../../scripts/demo/api.mjs';
import { loopback, waitUntil } from '../../scripts/demo/loopback.mjs';
import { createController } from './controllers.mjs';
import { awaitRecovery, endAgents, fillDisk, killHaproxies, rotateServer } from './disturbances.mjs';
import { measureStart } from './footprint.mjs';
import { sendTraffic } from './traffic.mjs';
import { giveVerdict } from './verdict.mjs';

// Each with so many listeners of its own.
const controllerKinds = {
  a: { dialect: 'v0.1', own: 2 },
  b: { dialect: 'v0.1', own: 2 },
  c: { dialect: 'v0.1', own: 2 },
  d: { dialect: '1.0', own: 1 },
  e: { dialect: '1.0', own: 1 },
};
const controllerNames = Object.keys(controllerKinds);
// Two controllers on each of these.
const shared = [
  ['a', 'b'],
  ['b', 'c'],
  ['d', 'e'],
];
const calmShare = 0.15;
const leastCalmMs = 10_000;
const mostCalmMs = 30_000;
const recoveryMs = 30_000;

/** Plays a run; violations are in the stage's report. `listeners` is filled. */
export async function playChaos({ stage, listeners, options, randomOf, signal }) {
  const { report, agent, disk } = stage;
  const owners = await makeListeners(stage, listeners);
  const totalMs = options.minutes * 60_000;
  const calmMs = Math.min(mostCalmMs, Math.max(leastCalmMs, totalMs * calmShare));
  report.fact(
    'disk',
    disk.refusal === undefined ? 'a small file system of its own' : `not filled: ${disk.refusal}`,
  );
  await agent.start();

  const controllers = controllerNames.map((name) =>
    createController({
      name,
      dialect: controllerKinds[name].dialect,
      all: listeners,
      listeners: listeners.filter((listener) => owners.get(listener).includes(name)),
      stage,
      random: randomOf(`controller ${name}`),
    }),
  );
  await Promise.all(controllers.map((controller) => controller.begin()));
  const start = await measureStart(agent);

  const disturbed = endingWith(signal, Math.max(0, totalMs - calmMs));
  const worked = endingWith(signal, totalMs);
  const usersGone = endingWith(signal);
  const usersEnd = usersGone.signal;
  const users = Promise.all(
    listeners.map((listener) => {
      const random = randomOf(`users ${listener.name}`);
      return sendTraffic({ listener, authorities: stage.authorities, report, random, ended: usersEnd });
    }),
  );
  const api = createApi({ address: loopback, port: stage.port, certs: stage.clientCerts });
  const common = { agent, disk, report, listeners, stage, api, ended: disturbed.signal };
  const watch = awaitRecovery({ ...common, isWatched: options.isWatched, ended: usersEnd });
  const work = Promise.all([
    endAgents({ ...common, random: randomOf('agent') }),
    killHaproxies({ ...common, random: randomOf('haproxy') }),
    fillDisk({ ...common, random: randomOf('disk') }),
    rotateServer({ ...common, random: randomOf('rotation') }),
    ...controllers.map((controller) => controller.run(worked.signal)),
  ]);
  // Whatever of these fails ends the run; what is sent and watched goes on until they are done.
  await Promise.race([work, Promise.all([users, watch]).then(() => work)]);
  signal.throwIfAborted();
  // Without a watcher nobody else brings them back.
  if (!options.isWatched) await bringBack({ agent, listeners });
  await waitUntil(() => listeners.every((listener) => listener.damage() === undefined), recoveryMs, signal);
  usersGone.abort();
  await Promise.all([users, watch]);
  for (const controller of controllers) controller.close();
  api.close();
  await giveVerdict({ stage, listeners, start, random: randomOf('verdict'), sweeps: options.sweeps });
}

// Not AbortSignal.any and .timeout: Node 20 collects such signals as garbage while somebody waits for them.
function endingWith(signal, afterMs) {
  const aborter = new AbortController();
  const end = () => aborter.abort();
  signal.addEventListener('abort', end, { once: true });
  if (afterMs !== undefined) setTimeout(end, afterMs).unref();
  return aborter;
}

async function makeListeners(stage, listeners) {
  const owners = new Map();
  for (const name of controllerNames) {
    const { dialect, own } = controllerKinds[name];
    for (let count = 0; count < own; count += 1) {
      const listener = await stage.newListener(`${name}${count + 1}`, dialect, count === 0);
      listeners.push(listener);
      owners.set(listener, [name]);
    }
  }
  for (const names of shared) {
    const listener = await stage.newListener(names.join('+'), controllerKinds[names[0]].dialect, false);
    listeners.push(listener);
    owners.set(listener, names);
  }
  return owners;
}

async function bringBack({ agent, listeners }) {
  if (listeners.every((listener) => listener.damage() === undefined)) return;
  await agent.end('SIGTERM');
  await agent.start();
}
