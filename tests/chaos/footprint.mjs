// What the agent holds in memory and descriptors, at the start of a run and at its end.
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../../bench/memory-of.mjs';
import { waitUntil } from '../../scripts/demo/loopback.mjs';
import { descriptorsOf } from './processes.mjs';

const quietMs = 3_000;
// V8 gives memory back only after some 20 s without work.
const settleMs = 45_000;
const mostMemory = 1.5;
const moreDescriptors = 10;

/** Measures an agent that has just brought all listeners into service, after a quiet moment. */
export async function measureStart(agent) {
  await sleep(quietMs);
  return footprintOf(agent);
}

/** Waits until the agent, which nobody calls any more, is back near the start; a violation when it does not get there. */
export async function mustBeBackNear(start, { agent, report, signal }) {
  await sleep(quietMs);
  let now;
  const isBack = await waitUntil(
    async () => {
      now = footprintOf(agent);
      if (isNear(now, start)) return true;
      await sleep(1_000);
      return false;
    },
    settleMs,
    signal,
  );
  report.fact(
    'memory of the agent at the end, to the start',
    `${(now.memory / start.memory).toFixed(2)} (at most ${mostMemory})`,
  );
  report.fact(
    'descriptors of the agent at the start, at the end',
    `${start.descriptors}, ${now.descriptors}`,
  );
  if (!isBack) report.violation('memory or descriptors of the agent have grown', { start, now });
}

function isNear(now, start) {
  return now.memory <= start.memory * mostMemory && now.descriptors <= start.descriptors + moreDescriptors;
}

function footprintOf(agent) {
  return { memory: memoryOf(agent.pid()).pss, descriptors: descriptorsOf(agent.pid()) };
}
