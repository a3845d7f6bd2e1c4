// Plays scenarios: each several times on one pair, which is set up anew after a run that failed.
import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from './client.mjs';
import { createPair } from './pair.mjs';

const servedMs = 30_000;
// Checks run and advertisements are sent once a second: runs begin at any moment between two of them.
const mostPhaseMs = 1_000;

/** Plays each of `scenarios` `times` times on a pair of one family; `tell` gets the runs of each once they are over. */
export async function playAll({ family, scenarios, times, random, tag, tell, keep, signal }) {
  let pair;
  let sets = 0;
  try {
    for (const scenario of scenarios) {
      const runs = [];
      try {
        pair ??= await createPair({ family, tag: `${tag}${sets++}`, signal });
        await scenario.prepare?.({ pair });
        while (runs.length < times) runs.push(await play({ pair, scenario, random, signal }));
        await scenario.finish?.({ pair });
      } catch (thrown) {
        signal.throwIfAborted();
        runs.push({ failure: thrown.message });
        const kept = await pair?.clear({ keep });
        if (kept !== undefined) runs.at(-1).failure += `\nkept: ${kept}`;
        pair = undefined;
      }
      tell({ family, scenario, runs });
    }
  } finally {
    await pair?.clear({ keep: false });
  }
}

async function play({ pair, scenario, random, signal }) {
  const { master, backup } = await pair.settled();
  const isServed = async (when) => {
    if (!(await pair.client.isServed(servedMs))) throw new Error(`the VIP does not answer ${when}`);
  };
  await isServed('before the run');
  await sleep(random.integer(0, mostPhaseMs), undefined, { signal });
  const since = nowMs();
  await scenario.play({ pair, master, backup });
  await pair.settled();
  await isServed('after the run');
  const seen = pair.client.since(since);
  pair.client.forget(nowMs());
  if (scenario.stays === true && (seen.failed > 0 || seen.by.join() !== master.name)) {
    throw new Error(
      `${seen.failed} requests failed (${seen.errors.join(', ')}), ${seen.by.join(' and ')} answered, not ${master.name} alone`,
    );
  }
  return seen;
}
