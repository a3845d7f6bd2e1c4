// Octavia's controller drives an agent, case by case: a JSON line for each on stdout.
// usage: run.mjs --target ours | --target peer --peer DIRECTORY_OF_ITS_SCRIPTS [WORD...]
//   WORD: only the cases whose title has it; the large ones need one, or AMPHORAD_LARGE=1 in the environment. Without a
//   word two of our agents share the cases. Exit status 1 when one failed, 77 when nothing can run here.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { python, startOurs, startPeer, whyNot } from './targets.mjs';

const cannotRun = 77;

/** Starts the cases; they wait for the agents that `over` is told of. */
function startDriving(words) {
  const child = spawn(python, ['-B', join(import.meta.dirname, 'drive.py'), ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
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
    over(agents) {
      child.stdin.end(agents.map(({ file }) => `${file}\n`).join(''));
      return ended;
    },
  };
}

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
    if (values.target === 'peer') agents.push(await startPeer(values.peer));
    else {
      // All cases are shared by two; a few are easier to follow on one.
      const count = positionals.length === 0 ? 2 : 1;
      while (agents.length < count) agents.push(await startOurs(agents.length));
    }
    const { status, output } = await driving.over(agents);
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
