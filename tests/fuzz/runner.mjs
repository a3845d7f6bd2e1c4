// Runs generators in rounds, a slice of time for each in turn, and looks after every slice at the agent and around it.
//
// INVARIANTS:
// - a case depends on its name alone, not on which others ran (ports, keys of the run and timing are not its own);
// - everything lies in two temporary directories; everything that was started is ended by pid.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildPure, loadPure } from './bundle.mjs';
import { runCase } from './case.mjs';
import { createPure } from './pure.mjs';
import { caseName } from './random.mjs';
import { startSubject } from './subject.mjs';

const sliceUnitMs = 600;
const quietMs = 1_500;
const settleMs = 30_000;
const warmUpShare = 1 / 3;
const mostMemoryRatio = 1.5;
const mostMoreDescriptors = 10;
const mostFailures = 200;

/** Runs the chosen generators for a time, or one case with `only`; every slice is told to `report`. */
export async function runFuzz({ seed, totalMs, chosen, only, report, signal }) {
  const scratch = mkdtempSync(join(tmpdir(), 'ampf-'));
  buildPure(scratch);
  const pure = createPure({ directory: scratch, seed });
  const needsAgent = chosen.some(({ isPure }) => !isPure);
  let subject;
  try {
    subject = needsAgent ? await startSubject() : undefined;
    const world = { seed, scratch, pure: loadPure(scratch), subject, wire: subject?.wire };
    const run = { seed, report, signal, pure, subject, lanes: await prepareLanes(chosen, world) };
    if (only === undefined) await runRounds(run, totalMs);
    else await runSlice(run, run.lanes[0], { from: only, count: 1, sliceMs: 0 });
  } finally {
    pure.end();
    await subject?.end();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function prepareLanes(chosen, world) {
  const lanes = [];
  for (const generator of chosen) {
    // What runs in the other process is prepared there.
    const more = generator.isPure ? {} : await generator.prepare?.(world);
    lanes.push({ generator, world: { ...world, ...more }, next: 0 });
  }
  return lanes;
}

async function runRounds(run, totalMs) {
  const begin = performance.now();
  const end = begin + totalMs;
  const isOver = () => run.signal.aborted || run.report.failed() >= mostFailures || performance.now() > end;
  let first;
  do {
    for (const lane of run.lanes) {
      const sliceMs = Math.min(lane.generator.share * sliceUnitMs, end - performance.now());
      if (!isOver()) await runSlice(run, lane, { from: lane.next, count: Infinity, sliceMs });
    }
    // By then what there is to load is loaded and heaps have grown: from there on they must stay.
    if (performance.now() - begin > totalMs * warmUpShare) first ??= await atRest(run);
  } while (!isOver());
  if (first !== undefined && !run.signal.aborted) await judgeRest(run, first);
}

async function runSlice(run, lane, bounds) {
  const begin = performance.now();
  const { name, isPure } = lane.generator;
  const result = isPure ? await run.pure.run(name, bounds) : await runOnWire(lane, bounds, run.signal);
  run.report.slice(name, { ...result, from: bounds.from, milliseconds: performance.now() - begin });
  lane.next = result.next;
  if (isPure) return;
  const range = `${caseName(run.seed, name, bounds.from)} to ${result.next - 1}`;
  for (const fault of await lookAfter(run.subject))
    run.report.failure(name, { name: range, fault, dump: [] });
}

async function lookAfter(subject) {
  try {
    return await subject.faults();
  } catch (thrown) {
    return [`the agent does not answer: ${thrown.message}`];
  }
}

async function runOnWire({ generator, world }, { from, count, sliceMs }, signal) {
  const tally = {};
  const failures = [];
  const end = performance.now() + sliceMs;
  let next = from;
  const worker = async () => {
    do {
      const n = next;
      next += 1;
      const result = await runCase(generator, n, world);
      tally[result.outcome] = (tally[result.outcome] ?? 0) + 1;
      failures.push(...result.failures);
    } while (next < from + count && performance.now() < end && !signal.aborted);
  };
  await Promise.all(Array.from({ length: Math.min(generator.atOnce, count) }, worker));
  return { next, tally, failures };
}

async function atRest({ subject }) {
  if (subject === undefined) return undefined;
  subject.wire.close();
  await sleep(quietMs);
  return { ...subject.memory(), descriptors: subject.descriptors() };
}

/** Memory that is the agent's alone counts: what it shares with other Node processes moves as they come and go. */
async function judgeRest(run, first) {
  const deadline = performance.now() + settleMs;
  let faults;
  let last;
  try {
    do {
      last = await atRest(run);
      faults = restFaults(first, last);
    } while (faults.length > 0 && performance.now() < deadline);
  } catch (thrown) {
    faults = [`the agent is gone: ${thrown.message}`];
  }
  run.report.rest(first, last);
  for (const fault of faults) run.report.failure('rest', { name: 'the whole run', fault, dump: [] });
}

function restFaults(first, last) {
  const faults = [];
  const ratio = last.anonymous / first.anonymous;
  if (ratio > mostMemoryRatio) faults.push(`memory grew ${ratio.toFixed(2)} times`);
  const more = last.descriptors - first.descriptors;
  if (more > mostMoreDescriptors) faults.push(`${more} descriptors more`);
  return faults;
}
