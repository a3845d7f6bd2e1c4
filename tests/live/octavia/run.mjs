// Octavia's controller drives an agent, case by case: a JSON line for each on stdout.
// usage: run.mjs --target ours | --target peer --peer DIRECTORY_OF_ITS_SCRIPTS [WORD...]
//   WORD: only the cases whose title has it; the large ones need one, or AMPHORAD_LARGE=1 in the environment. Exit status 1 when one failed, 77 when nothing can run here.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { python, startOurs, startPeer, whyNot } from './targets.mjs';

const cannotRun = 77;

function driven(file, words) {
  const child = spawn(python, ['-B', join(import.meta.dirname, 'drive.py'), file, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Whoever asks us to end still gets everything cleaned up.
  const end = () => child.kill('SIGTERM');
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, end);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ status: code ?? signal, output }));
  });
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
  const agent = values.target === 'peer' ? await startPeer(values.peer) : await startOurs();
  try {
    const { status, output } = await driven(agent.file, positionals);
    const failed = output.includes('"outcome": "failed"') || status !== 0;
    if (failed) process.stderr.write(`what the agent printed last:\n${agent.lastWords()}\n`);
    return failed ? 1 : 0;
  } finally {
    await agent.end();
  }
}

process.exitCode = await main();
