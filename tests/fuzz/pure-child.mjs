// The process for pure functions: runs the cases it is asked for, and leaves the number of the one at hand in a file, so
// that its parent can name it when this process hangs or dies. usage: node pure-child.mjs DIRECTORY SEED
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { loadPure } from './bundle.mjs';
import { runCase } from './case.mjs';
import { generators } from './generators.mjs';
import { caseName } from './random.mjs';

const [directory, seed] = process.argv.slice(2);
const mostCaseMs = 2_000;
const at = openSync(join(directory, 'at'), 'w');
const number = Buffer.alloc(8);
const world = { seed: Number(seed), pure: loadPure(directory) };
const prepared = new Map();

process.on('message', async ({ name, from, count, sliceMs }) => {
  const generator = generators.find((each) => each.name === name);
  if (!prepared.has(name)) prepared.set(name, { ...world, ...(await generator.prepare?.(world)) });
  const tally = {};
  const failures = [];
  const begin = performance.now();
  let n = from;
  do {
    number.writeDoubleLE(n);
    writeSync(at, number, 0, 8, 0);
    const before = process.cpuUsage();
    const result = await runCase(generator, n, prepared.get(name));
    const { user } = process.cpuUsage(before);
    failures.push(...result.failures);
    if (user > mostCaseMs * 1_000) {
      failures.push({
        name: caseName(seed, name, n),
        fault: `took ${Math.round(user / 1_000)} ms`,
        dump: [],
      });
    }
    tally[result.outcome] = (tally[result.outcome] ?? 0) + 1;
    n += 1;
  } while (n < from + count && performance.now() - begin < sliceMs && failures.length < 20);
  process.send({ next: n, tally, failures });
});
