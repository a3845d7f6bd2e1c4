// Compares two agents call by call over one scripted session: the real one and ours, unless told otherwise.
// usage: compare.mjs --peer DIRECTORY_OF_ITS_SCRIPTS [--left peer|ours] [--right peer|ours] [--verbose]
//   Prints every difference; exit status 1 when one is none that the contract wants, 77 when nothing can run here.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { python, startOurs, startPeer, whyNot } from '../octavia/targets.mjs';
import { explain } from './better.mjs';
import { createController, md5 } from './client.mjs';
import { normalAnswer } from './normal.mjs';
import { sessionFor } from './session.mjs';

const cannotRun = 77;
const restartTries = 200;
const restartPollMs = 50;
const drive = join(import.meta.dirname, '..', 'octavia', 'drive.py');

/** Runs the session against one agent; gives the steps with their answers in comparable form. */
async function record(kind, peer, stamp) {
  const agent = kind === 'peer' ? await startPeer(peer) : await startOurs();
  const told = [];
  try {
    writeFileSync(
      join(agent.target.scratch, 'rendered.conf'),
      execFileSync(python, ['-B', drive, '--conf', agent.file]),
    );
    const send = createController(agent.target);
    for (const step of sessionFor(agent.target)) {
      if (step.body !== undefined) step.digests?.add(md5(step.body));
      step.prepare?.();
      told.push({ step, answer: normalAnswer(await send(step), step, agent.target) });
      if (step.settle) await settled(send);
      stamp(kind, told.length);
    }
    return told;
  } catch (thrown) {
    throw new Error(`${kind}, after ${told.at(-1)?.step.name ?? 'its start'}: ${thrown.message}`, {
      cause: thrown,
    });
  } finally {
    await agent.end();
  }
}

/** The real agent restarts its listener for a new certificate: a controller retries. */
async function settled(send) {
  for (let tries = 0; tries < restartTries; tries += 1) {
    await sleep(restartPollMs);
    try {
      if ((await send({ method: 'GET', path: '/1.0/info' })).status === 200) return;
    } catch {
      // Not back yet.
    }
  }
  throw new Error('the agent does not come back');
}

const differing = (left, right) =>
  [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((key) => left[key] !== right[key]);

function report(lefts, rights, verbose) {
  const sums = { equal: 0, wanted: 0, other: 0 };
  lefts.forEach(({ step, answer: left }, index) => {
    const right = rights[index].answer;
    const keys = differing(left, right);
    const { rest, rows } = explain(step, { left, right }, keys);
    const kind = rest.length > 0 ? 'other' : keys.length > 0 ? 'wanted' : 'equal';
    sums[kind] += 1;
    if (kind === 'equal' && !verbose) return;
    process.stdout.write(`${kind.padEnd(7)}${left.status} ${step.name}: ${step.method} ${step.path}\n`);
    for (const row of rows) process.stdout.write(`         wanted: ${row}\n`);
    for (const key of rest) {
      process.stdout.write(`         ${key}: ${JSON.stringify(left[key])} | ${JSON.stringify(right[key])}\n`);
    }
  });
  process.stdout.write(
    `${lefts.length} calls: ${sums.equal} equal, ${sums.wanted} differ as wanted, ${sums.other} otherwise\n`,
  );
  return sums.other === 0;
}

/** Runs all of it once more in a network namespace of its own: ports of this machine are none of the agents'. */
function runAtHome() {
  const home = `amphorad-compare-${process.pid}`;
  execFileSync('ip', ['netns', 'add', home]);
  try {
    execFileSync('ip', ['-n', home, 'link', 'set', 'lo', 'up']);
    const argv = [`--net=/run/netns/${home}`, ...process.argv, '--home', home];
    return spawnSync('nsenter', argv, { stdio: 'inherit' }).status ?? 1;
  } finally {
    execFileSync('ip', ['netns', 'del', home]);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      peer: { type: 'string', default: '' },
      left: { type: 'string', default: 'peer' },
      right: { type: 'string', default: 'ours' },
      verbose: { type: 'boolean', default: false },
      home: { type: 'string' },
    },
  });
  const reason = whyNot();
  if (reason !== undefined) {
    process.stderr.write(`skipped: ${reason}\n`);
    return cannotRun;
  }
  if (values.home === undefined) return runAtHome();
  const stamp = (kind, count) => process.stderr.isTTY && process.stderr.write(`\r${kind}: ${count} calls `);
  // One after the other: both would use the same namespace when both are the real one.
  const left = await record(values.left, values.peer, stamp);
  const right = await record(values.right, values.peer, stamp);
  return report(left, right, values.verbose) ? 0 : 1;
}

process.exitCode = await main();
