// The end of a run, when nothing goes wrong any more: everything acknowledged is there and serves, nothing is left
// over, and the agent holds about what it held at the start.
import { readdirSync } from 'node:fs';
import { waitUntil } from '../../scripts/demo/loopback.mjs';
import { createCaller } from './calls.mjs';
import { checkFiles, leftoversIn } from './files.mjs';
import { mustBeBackNear } from './footprint.mjs';
import { haproxiesOf, isAlive } from './processes.mjs';
import { createUser } from './traffic.mjs';

const oldWorkersMs = 20_000;

/** Gives the verdict; `start` is what the agent held at the start, `sweeps` whether an agent that starts takes leftovers of cut writes away. */
export async function giveVerdict({ stage, listeners, start, random, sweeps }) {
  const { agent, report, basePath, certificateDirectory } = stage;
  const caller = createCaller({ stage, random });
  await mustHoldAll({ listeners, caller, report });
  await mustHaveOneGroupEach({ listeners, stage });
  await mustBeBackNear(start, { agent, report });
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
  for (const listener of listeners) {
    if (listener.knowledge.possible().some(({ stored }) => stored !== null))
      await caller.call(listener, 'delete');
  }
  mustBeGone({ listeners, basePath, certificateDirectory, report });
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

/** After all were deleted. */
function mustBeGone({ listeners, basePath, certificateDirectory, report }) {
  const processes = haproxiesOf(basePath);
  if (processes.length > 0) report.violation('haproxy processes after all was deleted', processes);
  const names = [...readdirSync(basePath), ...readdirSync(certificateDirectory)];
  const left = names.filter((name) => listeners.some(({ id }) => name.startsWith(id)));
  if (left.length > 0) report.violation('files after all was deleted', left.join('\n'));
}
