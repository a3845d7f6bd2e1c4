// Random pairs of configurations, applied without a reload where that can be and by a reload, on two real agents with real
// haproxies: what comes out must be the same. Prints the seed; exits 1 when it is not.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareDirectory } from '../../bench/servers.mjs';
import { createRandom } from '../chaos/random.mjs';
import { makeCertificates } from './certificates.mjs';
import { runLane } from './lane.mjs';
import { kinds } from './mutations.mjs';
import { createReport } from './report.mjs';
import { startSide } from './side.mjs';
import { buildWithout, lookKinds } from './without.mjs';

const usage = `usage: npm run test:pairs -- [--pairs N] [--seed S] [--without ${lookKinds.join('|')}]

  --pairs N       how many (default: 2000)
  --seed S        what is drawn follows from it (default: random, printed)
  --without LOOK  with an agent that does not look at this: exits 0 when the run finds out
`;
// As automake's tests say that they were skipped.
const cannotRun = 77;
const lanes = 4;
/** Where writing through to the disk costs nothing: that is not what is tried here. */
const memory = '/dev/shm';
const portsOfLane = 3;
const withSbin = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
/** What must have gone without a reload in a run that is long enough to have had each. */
const runtimeKinds = [
  'weight changed',
  'member moved to a port',
  'member disabled or enabled',
  'member added',
];
const runtimeKindsToo = ['member removed', 'certificate renewed'];
const longEnough = 400;

async function main() {
  const { pairs, seed, without } = readOptions();
  for (const program of ['haproxy', 'openssl']) {
    if (spawnSync(program, ['version'], { env: withSbin }).error === undefined) continue;
    process.stdout.write(`pairs: ${program} is not installed\n`);
    return cannotRun;
  }
  process.stdout.write(
    `pairs: ${pairs}, seed ${seed}${without === undefined ? '' : `, without ${without}`}\n`,
  );
  const report = createReport();
  const begin = performance.now();
  await run({ pairs, seed, without, report });
  demandEachKind(report, pairs, without);
  process.stdout.write(`${report.render()}\n`);
  const isRight = report.faults.length === 0;
  const seconds = Math.round((performance.now() - begin) / 1_000);
  process.stdout.write(`pairs: ${isRight ? 'all right' : 'WRONG'}, seed ${seed}, ${seconds} s\n`);
  if (without === undefined) return isRight ? 0 : 1;
  // Found out by what haproxy was, not by a run that broke.
  return !isRight && !report.isBroken() ? 0 : 1;
}

async function run({ pairs, seed, without, report }) {
  if (existsSync(memory)) process.env.TMPDIR = memory;
  const { directory, certs, amphoraId, remove } = prepareDirectory();
  const aborter = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'])
    process.once(name, () => aborter.abort(new Error(`ended by ${name}`)));
  const sides = [];
  try {
    mkdirSync(join(directory, 'pems'));
    const certificates = makeCertificates(join(directory, 'pems'));
    const program = without === undefined ? undefined : await buildWithout(without, join(directory, 'built'));
    // Addresses of its own: nothing else on the machine listens there.
    const block = `127.${randomInt(1, 250)}.${randomInt(1, 250)}`;
    const start = (name, last, apply, own) =>
      startSide({
        name,
        directory,
        certs,
        amphoraId,
        certificates,
        vip: `${block}.${last}`,
        apply,
        program: own,
      });
    sides.push(await start('a', 1, 'runtime-first', program));
    sides.push(await start('b', 2, 'reload', undefined));
    let given = 0;
    // What is to be found once need not be found again.
    const isOver = () => given >= pairs || (without !== undefined && report.faults.length > 0);
    const next = () => (isOver() ? undefined : given++);
    const ofLane = (lane) =>
      runLane({
        sides,
        randomOf: (name) => createRandom(seed, name),
        ports: Array.from({ length: portsOfLane }, (_, at) => 20_000 + lane * portsOfLane + at),
        certificates,
        next,
        report,
        signal: aborter.signal,
      });
    await Promise.all(Array.from({ length: lanes }, (_, lane) => ofLane(lane)));
  } catch (thrown) {
    report.broken(thrown.stack);
  } finally {
    for (const side of sides) await side.end();
    remove();
  }
}

function demandEachKind(report, pairs, without) {
  if (without !== undefined) return;
  const had = report.kinds();
  if (pairs >= kinds.length * 3 && !had.has('far')) report.fault('no pair is far apart');
  if (pairs < longEnough) return;
  for (const kind of kinds) if (!had.has(kind)) report.fault(`no pair is of the kind: ${kind}`);
  for (const kind of [...runtimeKinds, ...runtimeKindsToo])
    if ((had.get(kind)?.runtime ?? 0) === 0) report.fault(`never without a reload: ${kind}`);
  for (const kind of lookKinds) if (!report.lies().has(kind)) report.fault(`nothing was lied about ${kind}`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        pairs: { type: 'string' },
        seed: { type: 'string' },
        without: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const { without } = values;
    if (without !== undefined && !lookKinds.includes(without))
      throw new Error(`--without: ${without} is no look`);
    return {
      pairs: count('--pairs', values.pairs ?? '2000'),
      seed: count('--seed', values.seed ?? String(randomInt(1, 1_000_000))),
      without,
    };
  } catch (thrown) {
    process.stderr.write(`${thrown.message}\n${usage}`);
    process.exit(64);
  }
}

function count(name, text) {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${name}: expected a whole number above 0`);
  return Number(text);
}

process.exitCode = await main();
