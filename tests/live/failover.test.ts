// Failovers of real pairs, once for each family: tests/failover plays them, on pairs side by side, and holds outages
// against twice the bounds that `npm run live:failover` has on a quiet machine.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const program = join(__dirname, '..', 'failover', 'failover.mjs');
const cannotRun = 77;
const mostMs = 300_000;

interface Scenario {
  readonly name: string;
  readonly title: string;
}

interface Verdict {
  readonly name: string;
  readonly family: number;
  readonly violations: readonly string[];
}

const listed = spawnSync(process.execPath, [program, '--list'], { encoding: 'utf8' });
const canRun = listed.status !== cannotRun;
if (!canRun) process.stderr.write(`skipped: ${listed.stdout}`);
const scenarios = canRun ? (JSON.parse(listed.stdout) as readonly Scenario[]) : [];
const cases = [4, 6].flatMap((family) => scenarios.map(({ name, title }) => ({ family, name, title })));

let child: ChildProcess;
let ended: Promise<unknown>;
const verdicts: Verdict[] = [];
let complaints = '';

beforeAll(async () => {
  if (!canRun) return;
  child = spawn(process.execPath, [program, '--ci'], { stdio: ['ignore', 'pipe', 'pipe'] });
  ended = new Promise((resolve) => child.once('close', resolve));
  child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString('utf8')));
  if (child.stdout === null) throw new Error('no pipe');
  createInterface(child.stdout).on('line', (line) => verdicts.push(JSON.parse(line) as Verdict));
  await ended;
}, mostMs);

afterAll(async () => {
  if (!canRun) return;
  // It takes away what it has made.
  child.kill('SIGTERM');
  await ended;
}, 60_000);

(canRun ? describe : describe.skip)('a pair keeps its promise to clients', () => {
  it.each(cases.length === 0 ? [{ family: 4, name: '', title: 'every scenario' }] : cases)(
    'of IPv$family: $title',
    ({ family, name }) => {
      const verdict = verdicts.find((each) => each.name === name && each.family === family);
      expect([verdict?.violations ?? 'not played', complaints]).toEqual([[], '']);
    },
  );
});
