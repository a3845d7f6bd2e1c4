// The torture run: controllers work and users send requests while agent, haproxy and disk fail on purpose; then a
// verdict. Prints what happened, the violations, the seed; exits 1 when there is a violation.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createRandom } from './random.mjs';
import { createReport } from './report.mjs';
import { playChaos } from './run.mjs';
import { createStage } from './stage.mjs';

const usage = `usage: npm run chaos -- [--seed N] [--minutes N] [--keep] [--without watch,sweep]

  --seed N        the decisions of every actor follow from it (default: random, printed)
  --minutes N     how long (default: 1)
  --keep          keep the state directory, as is done after violations
  --without WHAT  what the agent cannot do: watch (restart a killed haproxy by itself), sweep (take leftovers away)
`;
// As automake's tests say that they were skipped.
const cannotRun = 77;
const withSbin = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const statusOf = { SIGINT: 130, SIGTERM: 143 };

async function main() {
  const options = readOptions();
  const { seed } = options;
  if (spawnSync('haproxy', ['-v'], { env: withSbin }).error !== undefined) {
    process.stdout.write('chaos: haproxy is not installed\n');
    return cannotRun;
  }
  const aborter = new AbortController();
  let endedBy;
  for (const name of Object.keys(statusOf)) {
    process.on(name, () => {
      endedBy ??= name;
      aborter.abort(new Error(`ended by ${name}`));
    });
  }
  const report = createReport();
  process.stdout.write(`chaos: ${options.minutes} minutes, seed ${seed}\n`);
  const listeners = [];
  const onReady = (startedAt) => {
    for (const listener of listeners) {
      listener.settleLost(startedAt);
      const damage = listener.damage();
      if (damage?.isGone === true && damage.since < startedAt) damage.restoredAt ??= performance.now();
    }
  };
  const stage = await createStage({ report, signal: aborter.signal, onReady });
  try {
    await playChaos({
      stage,
      listeners,
      options,
      randomOf: (name) => createRandom(seed, name),
      signal: aborter.signal,
    });
  } catch (thrown) {
    if (endedBy === undefined) report.violation('the run itself failed', thrown.stack);
  }
  const keep = options.keep || report.violations.length > 0;
  const kept = await stage.clear({ keep });
  process.stdout.write(`${report.render()}\n`);
  if (kept !== undefined) process.stdout.write(`kept: ${kept}\n`);
  if (endedBy !== undefined) {
    process.stdout.write(`chaos: ended by ${endedBy}, seed ${seed}\n`);
    return statusOf[endedBy];
  }
  process.stdout.write(`chaos: ${report.violations.length} violations, seed ${seed}\n`);
  return report.violations.length === 0 ? 0 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        minutes: { type: 'string' },
        keep: { type: 'boolean' },
        without: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const without = (values.without ?? '').split(',');
    return {
      seed: number('--seed', values.seed ?? String(randomInt(1, 1_000_000))),
      minutes: number('--minutes', values.minutes ?? '1'),
      keep: values.keep ?? false,
      isWatched: !without.includes('watch'),
      sweeps: !without.includes('sweep'),
    };
  } catch (thrown) {
    process.stderr.write(`${thrown.message}\n${usage}`);
    process.exit(64);
  }
}

function number(name, text) {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new Error(`${name}: expected a number above 0`);
  return value;
}

process.exitCode = await main();
