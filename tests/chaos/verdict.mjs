// The end of a run, when nothing goes wrong any more: everything acknowledged is there and serves, nothing is left
// over, and the agent holds about what a fresh one holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { readdirSync } from 'node:fs';
import { memoryOf } from '../../bench/memory-of.mjs';
import { loopback, waitUntil } from '../../scripts/demo/loopback.mjs';
import { createApi } from '../../scripts/demo/api.mjs';
import { createCaller } from './calls.mjs';
import { createController } from './controllers.mjs';
import { checkFiles, leftoversIn } from './files.mjs';
import { descriptorsOf, haproxiesOf, isAlive } from './processes.mjs';
import { createUser } from './traffic.mjs';

const quietMs = 3_000;
const oldWorkersMs = 20_000;
const mostMemory = 1.5;
const moreDescriptors = 10;
const freshWorkMs = 6_000;
const warmUpCalls = 20;

/** Gives the verdict; `sweeps`: whether an agent that starts takes leftovers of cut writes away. */
export async function giveVerdict({ stage, listeners, random, sweeps }) {
  const controller = createController({ name: 'of the fresh agent', listeners, stage, random });
  const { agent, report, basePath, certificateDirectory } = stage;
  const caller = createCaller({ stage, random });
  await mustHoldAll({ listeners, caller, report });
  await mustHaveOneGroupEach({ listeners, stage });
  const used = await measure(stage);
  const masters = haproxiesOf(basePath).filter(({ isMaster }) => isMaster);
  await agent.end('SIGTERM');
  checkFiles(stage, listeners);
  await agent.start();
  if (masters.some((master) => !isAlive(master, basePath)))
    report.violation('a master did not survive the last restart');
  const leftovers = leftoversIn([basePath]);
  if (sweeps && leftovers.length > 0)
    report.violation('leftovers after a clean restart', leftovers.join('\n'));
  report.fact('leftovers of cut writes at the end', String(leftovers.length));
  await mustHoldAll({ listeners, caller, report });
  // It has to have done what the other did: V8 gives memory back late.
  await workFor(controller, freshWorkMs);
  const fresh = await measure(stage);
  compare(report, used, fresh);
  for (const listener of listeners) {
    if (listener.knowledge.possible().some(({ stored }) => stored !== null))
      await caller.call(listener, 'delete');
  }
  mustBeGone({ listeners, basePath, certificateDirectory, report });
  controller.close();
  caller.close();
}

/** Asks for each listener's text and status, and sends it a request. */
async function mustHoldAll({ listeners, caller, report }) {
  for (const listener of listeners) {
    await caller.call(listener, 'readText');
    await caller.call(listener, 'readStatus');
    const user = createUser(listener, { isKept: false, report });
    await user.visit();
    user.close();
    if (listener.damage() !== undefined)
      report.violation(`${listener.name}: still down at the end`, { id: listener.id });
  }
}

async function mustHaveOneGroupEach({ listeners, stage: { basePath, report } }) {
  const isSettled = () => listeners.every((listener) => surplusOf(listener, basePath).length === 0);
  await waitUntil(isSettled, oldWorkersMs);
  for (const listener of listeners) {
    const surplus = surplusOf(listener, basePath);
    if (surplus.length > 0)
      report.violation(`${listener.name}: processes too many`, { id: listener.id, surplus });
  }
  const strangers = haproxiesOf(basePath).filter((one) => !listeners.some(({ id }) => id === one.listener));
  if (strangers.length > 0) report.violation('haproxy processes of no listener', strangers);
}

/** All but one master and one worker of a listener that may run; all of one that does not. */
function surplusOf({ id, view }, basePath) {
  const group = haproxiesOf(basePath).filter(({ listener }) => listener === id);
  if (view().isStopped) return group;
  const masters = group.filter(({ isMaster }) => isMaster);
  return [...masters.slice(1), ...group.filter(({ isMaster }) => !isMaster).slice(1)];
}

async function workFor(controller, ms) {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), ms);
  await controller.run(aborter.signal);
  clearTimeout(timer);
}

async function measure({ agent, port, clientCerts }) {
  const api = createApi({ address: loopback, port, certs: clientCerts });
  for (let count = 0; count < warmUpCalls; count += 1) await api.call('GET', '/v0.1/listeners');
  api.close();
  await sleep(quietMs);
  return { memory: memoryOf(agent.pid()).pss, descriptors: descriptorsOf(agent.pid()) };
}

function compare(report, used, fresh) {
  const ratio = used.memory / fresh.memory;
  report.fact(
    'memory of the agent at the end, to a fresh one',
    `${ratio.toFixed(2)} (at most ${mostMemory})`,
  );
  report.fact('descriptors of the agent at the end, fresh', `${used.descriptors}, ${fresh.descriptors}`);
  if (ratio > mostMemory) report.violation('the agent’s memory has grown', { used, fresh });
  if (used.descriptors > fresh.descriptors + moreDescriptors)
    report.violation('the agent’s descriptors have grown', { used, fresh });
}

/** After all were deleted. */
function mustBeGone({ listeners, basePath, certificateDirectory, report }) {
  const processes = haproxiesOf(basePath);
  if (processes.length > 0) report.violation('haproxy processes after all was deleted', processes);
  const names = [...readdirSync(basePath), ...readdirSync(certificateDirectory)];
  const left = names.filter((name) => listeners.some(({ id }) => name.startsWith(id)));
  if (left.length > 0) report.violation('files after all was deleted', left.join('\n'));
}
