// Plays the controller: puts a load balancer into service through the v0.1 API, sends traffic, reloads under load,
// takes it away again, and says of each step what is expected and what came.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findAgent, startAgent } from './demo/agent.mjs';
import { listenForInterruption } from './demo/interruption.mjs';
import { ExpectationFailed, createReport } from './demo/report.mjs';
import { clearStage, createStage } from './demo/stage.mjs';
import { steps } from './demo/steps.mjs';

const usage = `usage: npm run demo -- [--state DIR] [--json]

  --state DIR  the agent that "amphorad dev --state DIR" runs (default: ./var);
               when none answers there, the demo starts one of its own
  --json       print one JSON object at the end, nothing else
`;

async function main() {
  const options = readOptions();
  const interruption = listenForInterruption();
  const report = createReport({
    stream: options.json ? process.stderr : process.stdout,
    silent: options.json,
  });
  const result = await play({ state: options.state, report, signal: interruption.signal });
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return interruption.status() ?? (result.ok ? 0 : 1);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        state: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    return { state: values.state ?? join(import.meta.dirname, '..', 'var'), json: values.json ?? false };
  } catch (thrown) {
    process.stderr.write(`${thrown.message}\n${usage}`);
    process.exit(64);
  }
}

/** Plays the whole piece and cleans up; resolves with what the JSON output holds. */
async function play({ state, report, signal }) {
  const begin = performance.now();
  const result = { ok: true };
  const attempt = async (title, act) => {
    try {
      return await act();
    } catch (thrown) {
      report.failure(title, thrown);
      const shown = thrown instanceof ExpectationFailed ? { found: thrown.shown } : {};
      result.failure ??= { step: title, message: thrown.message, ...shown };
      result.ok = false;
      return undefined;
    }
  };

  const agent = await attempt(
    'Find an agent',
    async () => (await findAgent(state, signal)) ?? startAgent(signal),
  );
  if (agent === undefined) return result;
  const { own, pid, address, port, amphoraId } = agent;
  result.agent = { own, pid, address, port, amphoraId };
  const origin = own ? 'started for this demo' : `found in ${state}`;
  report.heading(`amphorad demo: the agent on ${address}:${port}, ${origin}, is amphora ${amphoraId}`);

  const stage = createStage({ agent, report, signal });
  for (const { title, run } of steps) {
    report.step(title);
    await attempt(title, async () => {
      signal.throwIfAborted();
      Object.assign(result, await run(stage));
    });
    if (!result.ok) break;
  }
  await attempt('Clean up', () => clearStage(stage));
  agent.api.close();
  await attempt('End the agent', () => agent.end());
  result.milliseconds = Math.round(performance.now() - begin);
  if (result.ok) report.summary(`${steps.length} of ${steps.length} steps as expected: ${inShort(result)}`);
  return result;
}

function inShort({ distribution, reload, milliseconds }) {
  const { answered, requests } = distribution;
  return `${answered} of ${requests} requests balanced, ${reload.failed} of ${reload.requests} failed during the reload, ${(milliseconds / 1000).toFixed(1)} s`;
}

process.exitCode = await main();
