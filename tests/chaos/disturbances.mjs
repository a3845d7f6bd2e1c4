// What goes wrong on purpose, each in a loop of its own: the agent is killed, haproxy is killed, the disk fills, the
// agent's own certificate changes.
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../scripts/demo/loopback.mjs';
import { haproxiesOf, isAlive } from './processes.mjs';
import { dialects } from './dialects.mjs';
import { checkFiles } from './files.mjs';
import { fingerprintAt, inShort } from './traffic.mjs';

// One listener is left alone for longer than its back-off needs to be forgotten, so that it stays at its first step.
const leaveAloneMs = 75_000;
const callDeadlineMs = 3_000;
const groupEndMs = 10_000;
const firstBackOffMs = 1_000;
// What a restart itself may take on a busy machine.
const restartMs = 8_000;
// Attempts that failed on a full disk have made the back-off longer.
const afterFullDiskMs = 20_000;

const pause = (ms, ended) => sleep(ms, undefined, { signal: ended }).catch(() => undefined);

/** Kills the agent again and again, starts it again each time, and looks at the files in between. */
export async function endAgents({ agent, report, listeners, stage, random, ended }) {
  while (!ended.aborted) {
    const moment = random.weighted({ starting: 25, working: 35, anyhow: 40 });
    const waitMs = moment === 'starting' ? random.integer(0, 900) : random.integer(800, 6_000);
    const intoCallMs = random.integer(0, 60);
    const name = random.chance(0.1) ? 'SIGTERM' : 'SIGKILL';
    if (moment !== 'starting') await agent.callable(false);
    await pause(waitMs, ended);
    if (moment === 'working') await inAWrite(listeners, intoCallMs, ended);
    if (ended.aborted) break;
    const masters = mastersOf(stage, listeners);
    await agent.end(agent.phase === 'starting' ? 'SIGKILL' : name);
    report.count(name === 'SIGTERM' ? 'agent ended with SIGTERM' : 'agent killed with SIGKILL');
    checkFiles(stage, listeners);
    const downSince = performance.now();
    launch(stage, masters, downSince);
  }
  await agent.callable(false);
}

/** Waits until a call that writes has just been sent, and then some. */
async function inAWrite(listeners, ms, ended) {
  const before = new Map(listeners.map((listener) => [listener, listener.writes]));
  const hasBegun = () =>
    ended.aborted || listeners.some((listener) => listener.writes > before.get(listener));
  await waitUntil(hasBegun, callDeadlineMs);
  await pause(ms, ended);
}

/** Starts the agent while the loop goes on: the next end may come before it is ready. */
function launch({ agent, report, ...stage }, masters, downSince) {
  agent.start().then(
    () => {
      for (const { watch } of masters) watch.end();
      if (agent.phase !== 'ready' || agent.readyAt < downSince) return;
      report.longest('agent away, from its end to ready', agent.readyAt - downSince);
      mustBeAdopted({ ...stage, report }, masters);
    },
    // Only when the run is cut, and whoever cuts it says so.
    () => undefined,
  );
}

/** The masters of listeners that surely run and that nobody is about to change. */
function mastersOf({ basePath }, listeners) {
  const found = haproxiesOf(basePath).filter(({ isMaster }) => isMaster);
  return listeners.flatMap((listener) => {
    const master = found.find((one) => one.listener === listener.id);
    if (master === undefined || !listener.view().isSure || listener.inFlight > 0) return [];
    return [{ listener, master, watch: listener.watch() }];
  });
}

function mustBeAdopted({ basePath, report }, masters) {
  for (const { listener, master, watch } of masters) {
    if (!watch.seen.isSure) continue;
    report.count('listeners adopted');
    if (isAlive(master, basePath)) continue;
    report.violation(`${listener.name}: master ${master.pid} did not survive the agent`, { id: listener.id });
  }
}

/** Kills a worker or a master of one listener after the other. */
export async function killHaproxies({ report, listeners, stage, random, ended }) {
  const killed = new Map();
  while (!ended.aborted) {
    const [waitMs, what, place] = [
      random.integer(3_000, 9_000),
      random.pick(['worker', 'master']),
      random.integer(0, 99),
    ];
    await pause(waitMs, ended);
    const able = listeners.filter(
      (one) => one.view().isSure && performance.now() - (killed.get(one) ?? -Infinity) > leaveAloneMs,
    );
    const listener = able[place % able.length];
    if (ended.aborted || listener === undefined) continue;
    const group = haproxiesOf(stage.basePath).filter((one) => one.listener === listener.id);
    const master = group.find(({ isMaster }) => isMaster);
    // The newest worker: an older one is on its way out already.
    const workers = group.filter(({ parent }) => parent === master?.pid).sort((a, b) => a.start - b.start);
    const victim = what === 'master' ? master : workers.at(-1);
    if (victim === undefined) continue;
    killed.set(listener, performance.now());
    await killOne({ report, listener, stage, victim, what, group });
  }
}

async function killOne({ report, listener, stage, victim, what, group }) {
  listener.damaged(`haproxy ${what}`);
  const damage = listener.damage();
  report.count(`haproxy ${what}s killed`);
  process.kill(victim.pid, 'SIGKILL');
  const isGone = await waitUntil(() => !group.some((one) => isAlive(one, stage.basePath)), groupEndMs);
  // A reload was faster: an old worker's death is no reason for a group to end.
  if (!isGone && what === 'worker' && isReplaced(victim, stage))
    report.count('killed while they were replaced');
  else if (!isGone)
    report.violation(`${listener.name}: the group outlives its killed ${what}`, { id: listener.id, group });
  damage.isGone = true;
}

function isReplaced({ pid, parent, start }, { basePath }) {
  const siblings = haproxiesOf(basePath).filter((one) => one.parent === parent);
  return siblings.some((one) => one.start > start) && !siblings.some((one) => one.pid === pid);
}

/** Looks whether what was killed has come back in time. `isWatched`: by the agent itself, else by its next start. */
export async function awaitRecovery({ agent, disk, report, listeners, isWatched, ended }) {
  while (!ended.aborted) {
    await sleep(200);
    for (const listener of listeners) {
      const damage = listener.damage();
      if (damage === undefined || damage.isReported || !damage.isGone) continue;
      const deadline = deadlineOf(damage, { agent, disk, isWatched });
      if (performance.now() < deadline) continue;
      damage.isReported = true;
      report.violation(`${listener.name}: its haproxy, whose ${damage.what} was killed, does not come back`, {
        id: listener.id,
        sinceMs: Math.round(performance.now() - damage.since),
        possible: listener.knowledge.possible().map(inShort),
      });
    }
  }
}

function deadlineOf({ since, restoredAt }, { agent, disk, isWatched }) {
  if (agent.phase !== 'ready' || disk.isFull) return Infinity;
  if (disk.wasFull(since))
    return isWatched ? Math.max(disk.freedAt, agent.readyAt) + afterFullDiskMs : Infinity;
  if (restoredAt !== undefined) return restoredAt + restartMs;
  // The agent lives since before: it notices by itself.
  return isWatched ? Math.max(since, agent.readyAt) + firstBackOffMs + restartMs : Infinity;
}

/** Fills the disk for some seconds, again and again. */
export async function fillDisk({ disk, report, random, ended }) {
  if (disk.refusal !== undefined) return;
  while (!ended.aborted) {
    const [waitMs, fullMs, toTheBrim] = [
      random.integer(8_000, 30_000),
      random.integer(1_500, 4_000),
      random.chance(0.6),
    ];
    await pause(waitMs, ended);
    if (ended.aborted) break;
    disk.fill(toTheBrim);
    report.count(toTheBrim ? 'disk filled to the brim' : 'disk filled into the reserve');
    await pause(fullMs, ended);
    disk.free();
  }
}

/** Rotates the agent's own certificate; what it then shows must be the one that was acknowledged. */
export async function rotateServer({ agent, api, report, stage, random, ended }) {
  const { bundles, authorities, port, server } = stage;
  while (!ended.aborted) {
    const [waitMs, next] = [random.integer(4_000, 12_000), random.integer(0, bundles.length - 1)];
    const { rotation } = random.pick(Object.values(dialects));
    await pause(waitMs, ended);
    if (ended.aborted) break;
    await agent.callable(false);
    const { endings } = agent;
    server.possible.add(next);
    try {
      const { status } = await api.call('PUT', rotation, { body: bundles[next].pem });
      report.answer('rotate', status);
      if (status !== 202) report.violation(`rotation answered ${status}`);
      else server.possible = new Set([next]);
      const fingerprint = await fingerprintAt(port, { ...stage.client, ca: authorities });
      const shown = bundles.findIndex((one) => one.fingerprint === fingerprint);
      if (!server.possible.has(shown)) {
        report.violation(
          `the agent shows certificate ${shown}, expected ${[...server.possible].join(' or ')}`,
        );
      }
    } catch (thrown) {
      report.answer('rotate', 'none');
      if (agent.endings === endings)
        report.violation('no answer to a rotation from a living agent', thrown.message);
    }
  }
}
