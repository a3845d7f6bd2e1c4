// The fuzzer's command: which generators, for how long, from which seed. docs/fuzz.md says what it holds the agent to.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { generators } from './generators.mjs';
import { parseCase } from './random.mjs';
import { createReport } from './report.mjs';
import { runFuzz } from './runner.mjs';

const usage = `usage: npm run fuzz -- [--minutes N] [--seed N] [--only NAME[,NAME]] [--skip NAME[,NAME]] [--case SEED:NAME:N]

  --minutes N  how long, 1 when it is not given; parts of a minute are allowed
  --seed N     whole number from which all cases follow; chosen and printed when it is not given
  --only NAME  these generators only: ${generators.map(({ name }) => name).join(', ')}
  --skip NAME  all but these
  --case NAME  one case again, as a failure names it
`;

async function main() {
  const options = readOptions();
  const aborter = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => aborter.abort());
  const report = createReport({ stream: process.stdout, seed: options.seed });
  process.stdout.write(`fuzz: seed ${options.seed}\n`);
  try {
    await runFuzz({ ...options, report, signal: aborter.signal });
  } catch (thrown) {
    report.failure('fuzz', { name: 'the run', fault: thrown.stack, dump: [] });
  }
  report.close();
  return report.failed() === 0 && !aborter.signal.aborted ? 0 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        minutes: { type: 'string', default: '1' },
        only: { type: 'string', multiple: true, default: [] },
        skip: { type: 'string', multiple: true, default: [] },
        case: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const one = values.case === undefined ? undefined : parseCase(values.case);
    const seed = one?.seed ?? (values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed));
    const minutes = Number(values.minutes);
    if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed: expected a whole number');
    if (!(minutes > 0 && minutes <= 10_000)) throw new Error('--minutes: expected a number above 0');
    const skipped = named(values.skip);
    const wanted = one === undefined ? named(values.only) : [generatorOf(one.generator)];
    const chosen = generators.filter(
      (each) => (wanted.length === 0 || wanted.includes(each)) && !skipped.includes(each),
    );
    return { seed, totalMs: minutes * 60_000, chosen, only: one?.n };
  } catch (thrown) {
    process.stderr.write(`${thrown.message}\n${usage}`);
    process.exit(64);
  }
}

function named(lists) {
  return lists.flatMap((list) => list.split(',')).map(generatorOf);
}

function generatorOf(wanted) {
  const found = generators.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`there is no generator "${wanted}"`);
  return found;
}

process.exitCode = await main();
