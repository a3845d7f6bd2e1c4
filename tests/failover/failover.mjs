// Failovers of real pairs, measured by a client: how long its requests went without an answer. Prints median and worst
// with the bounds beside them; exits 1 beyond the bounds.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createRandom } from '../chaos/random.mjs';
import { obstacle } from './network.mjs';
import { judge, render } from './report.mjs';
import { playAll } from './run.mjs';
import { scenarios } from './scenarios.mjs';

const usage = `usage: npm run live:failover -- [--times N] [--family 4|6|both] [--only NAME,...] [--seed N] [--keep] [--ci]

  --times N      how often each scenario is played (default: 5)
  --only NAMES   of ${scenarios.map(({ name }) => name).join(', ')}
  --seed N       when, between two checks, each run begins (default: random, printed)
  --keep         keep the directory of a pair whose run failed
  --ci           once, on pairs side by side, twice the bounds; one line of JSON for each scenario
  --list         print the names and what they stand for, as JSON
`;
// Of each family, when all are played side by side.
const pairsInCi = 2;
// As automake's tests say that they were skipped.
const cannotRun = 77;
const statusOf = { SIGINT: 130, SIGTERM: 143 };

async function main() {
  const options = readOptions();
  const why = obstacle();
  if (why !== undefined) {
    process.stdout.write(`failover: cannot run here: ${why}\n`);
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
  if (options.isList) {
    process.stdout.write(JSON.stringify(options.scenarios.map(({ name, title }) => ({ name, title }))));
    return 0;
  }
  const { seed, slack, isCi } = options;
  if (!isCi) process.stdout.write(`failover: ${options.times} times each, seed ${seed}\n`);
  const verdicts = [];
  const tell = (result) => {
    const verdict = judge(result, slack);
    verdicts.push(verdict);
    process.stdout.write(isCi ? `${JSON.stringify(verdict)}\n` : `${verdict.cells.join('  ').trimEnd()}\n`);
  };
  const play = ({ family, lane, chosen }) => {
    const tag = `amph-${process.pid}-${family}${lane}`;
    const random = createRandom(seed, `IPv${family} ${lane}`);
    return playAll({ ...options, family, scenarios: chosen, random, tag, tell, signal: aborter.signal });
  };
  const lanes = lanesOf(options);
  try {
    if (isCi) await allOver(lanes.map(play));
    else for (const lane of lanes) await play(lane);
  } catch (thrown) {
    if (endedBy === undefined) throw thrown;
  }
  if (!isCi) process.stdout.write(`\n${render(verdicts)}\n`);
  if (endedBy !== undefined) {
    process.stdout.write(`failover: ended by ${endedBy}, seed ${seed}\n`);
    return statusOf[endedBy];
  }
  const violations = verdicts.flatMap((verdict) => verdict.violations).length;
  if (!isCi) process.stdout.write(`failover: ${violations} violations, seed ${seed}\n`);
  return violations === 0 ? 0 : 1;
}

/** Who plays what: one pair of each family everything, or several of them a part each. */
function lanesOf({ families, scenarios: all, isCi }) {
  const count = isCi ? pairsInCi : 1;
  return families.flatMap((family) =>
    Array.from({ length: count }, (_, lane) => ({
      family,
      lane: 'klmn'[lane],
      chosen: all.filter((_each, index) => index % count === lane),
    })),
  );
}

/** Waits for all, so that what one has made is cleared away although another failed. */
async function allOver(jobs) {
  const failed = (await Promise.allSettled(jobs)).find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        times: { type: 'string', default: '5' },
        family: { type: 'string', default: 'both' },
        only: { type: 'string' },
        seed: { type: 'string' },
        keep: { type: 'boolean', default: false },
        ci: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) stop(process.stdout, 0, usage);
    const families = values.family === 'both' ? [4, 6] : [Number(values.family)];
    if (families.some((family) => family !== 4 && family !== 6)) throw new Error('--family: 4, 6 or both');
    return {
      times: values.ci ? 1 : positive('--times', values.times),
      families,
      scenarios: chosen(values.only),
      seed: values.seed === undefined ? randomInt(1, 1_000_000) : positive('--seed', values.seed),
      keep: values.keep,
      isCi: values.ci,
      isList: values.list,
      slack: values.ci ? 2 : 1,
    };
  } catch (thrown) {
    return stop(process.stderr, 2, `failover: ${thrown.message}\n\n${usage}`);
  }
}

function chosen(only) {
  if (only === undefined) return scenarios;
  return only.split(',').map((name) => {
    const found = scenarios.find((scenario) => scenario.name === name);
    if (found === undefined) throw new Error(`--only: there is no ${name}`);
    return found;
  });
}

function positive(name, text) {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${name}: a whole number above 0`);
  return number;
}

function stop(stream, status, text) {
  stream.write(text);
  process.exit(status);
}

process.exitCode = await main();
