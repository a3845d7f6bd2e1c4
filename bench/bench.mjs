// Runs benchmarks and prints what they measured: median, spread, and the ratio to the baseline of the same run.
// Ratios are what counts: the figures themselves move with the machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { api } from './api.mjs';
import { apply } from './apply.mjs';
import { brokenBounds } from './bounds.mjs';
import { fleet } from './fleet.mjs';
import { heartbeat } from './heartbeat.mjs';
import { heartbeatKills } from './heartbeat-kills.mjs';
import { heartbeatTiming } from './heartbeat-timing.mjs';
import { listeners } from './listeners.mjs';
import { listenForInterruption } from '../scripts/demo/interruption.mjs';
import { renderMarkdown } from './markdown.mjs';
import { member } from './member.mjs';
import { describeMachine } from './machine.mjs';
import { memory } from './memory.mjs';
import { writeReport } from './report.mjs';
import { runtime } from './runtime.mjs';
import { slowClients } from './slow-clients.mjs';
import { start } from './start.mjs';
import { summarize } from './statistics.mjs';
import { traffic } from './traffic.mjs';
import { vrrpCheck } from './vrrp-check.mjs';

// A benchmark is {name, title, deadlineMs, run({quick, signal, progress})}; run resolves with {metrics, notes, tables?}, a
// metric being {name, unit, digits, series: [{subject, values}], baselines?, bounds?}, its baseline the last of its series.
const usual = [api, memory, start, listeners, apply, member, heartbeat, traffic];
const further = [slowClients, vrrpCheck, heartbeatTiming, heartbeatKills, runtime, fleet];
const benchmarks = [...usual, ...further];
const namesOf = (some) => some.map(({ name }) => name).join(', ');
const reports = join(import.meta.dirname, '..', 'docs', 'results');

const usage = `usage: npm run bench -- [--only NAME[,NAME]] [--all] [--quick] [--json] [--out DIR] [--report]

  --only NAME  run these only: ${namesOf(benchmarks)}
  --all        run all; without it: ${namesOf(usual)}
  --quick      fewer repetitions: does it run, not how fast is it
  --json       print JSON instead of Markdown tables
  --out DIR    write NAME.json and NAME.md there as well
  --report     write docs/results/bench.md, its plots and bench.json
`;

async function main() {
  const options = readOptions();
  const interruption = listenForInterruption();
  const machine = describeMachine();
  const begin = performance.now();
  const results = [];
  try {
    for (const benchmark of options.chosen) {
      const result = await measure(benchmark, options, interruption.signal);
      results.push(result);
      if (!options.json) process.stdout.write(`${renderMarkdown(result)}\n`);
      if (options.out !== undefined) keep(result, options.out);
    }
  } catch (thrown) {
    const endedBy = interruption.endedBy();
    const why = endedBy === undefined ? thrown.message : `ended by ${endedBy}`;
    process.stderr.write(`bench: ${why}\n`);
    return interruption.status() ?? 1;
  }
  if (options.report) {
    const minutes = (performance.now() - begin) / 60_000;
    writeReport(reports, { machine, minutes, results });
  }
  if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  const broken = options.quick ? [] : results.flatMap(brokenBounds);
  for (const line of broken) process.stderr.write(`bench: ${line}\n`);
  return broken.length === 0 ? 0 : 1;
}

async function measure(benchmark, { quick }, interrupted) {
  const { name, title, deadlineMs } = benchmark;
  const late = AbortSignal.timeout(deadlineMs);
  const signal = AbortSignal.any([interrupted, late]);
  const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`);
  try {
    const { metrics, tables, notes } = await benchmark.run({ quick, signal, progress });
    return { name, title, quick, node: process.version, metrics: metrics.map(summarize), tables, notes };
  } catch (cause) {
    if (!late.aborted) throw cause;
    throw new Error(`${name} is not done within ${deadlineMs / 1000} s`, { cause });
  } finally {
    progress('');
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        out: { type: 'string' },
        all: { type: 'boolean' },
        report: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const { quick = false, json = false, report = false, out } = values;
    return { quick, json, report, out, chosen: choose(values) };
  } catch (thrown) {
    process.stderr.write(`${thrown.message}\n${usage}`);
    process.exit(64);
  }
}

function choose({ only, all = false }) {
  if (only === undefined) return all ? benchmarks : usual;
  return only
    .flatMap((names) => names.split(','))
    .map((wanted) => {
      const found = benchmarks.find(({ name }) => name === wanted);
      if (found === undefined) throw new Error(`there is no benchmark "${wanted}"`);
      return found;
    });
}

function keep(result, directory) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${result.name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(join(directory, `${result.name}.md`), renderMarkdown(result));
}

process.exitCode = await main();
