// Octavia's controller drives an agent, case by case: a JSON line for each on stdout.
// usage: run.mjs --target ours | --target peer --peer DIRECTORY_OF_ITS_SCRIPTS [WORD...]
//   WORD: only the cases whose title has it; the large ones need one, or AMPHORAD_LARGE=1 in the environment. Several of
//   our agents share the cases: drive.py has the lanes. Exit status 1 when one failed, 77 when nothing can run here.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { python, startOurs, startPeer, whyNot } from './targets.mjs';

const cannotRun = 77;
const drive = join(import.meta.dirname, 'drive.py');
const pair = { isAway: true, isPair: true };
/** What the cases of a lane need of their agent. */
const needs = { network: { isAway: true }, pair, pair6: pair };

/** Starts the cases of a lane once `add` has told of its agent; `done` when there are no more. */
function startDriving(words) {
  const child = spawn(python, ['-B', drive, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  // Whoever asks us to end still gets everything cleaned up.
  const end = () => child.kill('SIGTERM');
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, end);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    process.stdout.write(text);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ status: code ?? signal, output }));
  });
  return {
    end,
    add: (lane, { file }) => child.stdin.write(`${lane} ${file}\n`),
    done() {
      child.stdin.end();
      return ended;
    },
  };
}

const lanesOf = (words) =>
  execFileSync(python, ['-B', drive, '--lanes', ...words], { encoding: 'utf8' })
    .split('\n')
    .filter((lane) => lane !== '');

async function main() {
  const { values, positionals } = parseArgs({
    options: { target: { type: 'string', default: 'ours' }, peer: { type: 'string', default: '' } },
    allowPositionals: true,
  });
  const reason = whyNot();
  if (reason !== undefined) {
    process.stderr.write(`skipped: ${reason}\n`);
    return cannotRun;
  }
  const driving = startDriving(positionals);
  const agents = [];
  try {
    const start = async (lane, starting) => {
      const agent = await starting;
      agents.push(agent);
      driving.add(lane, agent);
    };
    if (values.target === 'peer') await start('all', startPeer(values.peer, { isAway: true }));
    else {
      for (const [serial, lane] of lanesOf(positionals).entries()) {
        await start(lane, startOurs(serial, needs[lane]));
      }
    }
    const { status, output } = await driving.done();
    const failed = output.includes('"outcome": "failed"') || status !== 0;
    const words = agents.map((agent) => agent.lastWords()).join('\n');
    if (failed) process.stderr.write(`what the agent printed last:\n${words}\n`);
    return failed ? 1 : 0;
  } finally {
    driving.end();
    for (const agent of agents) await agent.end();
  }
}

process.exitCode = await main();
