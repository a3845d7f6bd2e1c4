// Octavia's unmodified controller code drives amphorad: its driver and client, its templates, its health manager.
// The cases are Python (tests/live/octavia/cases_*.py); each is a test here, the large ones where AMPHORAD_LARGE=1 is in
// the environment.

import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

interface Told {
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly why?: string;
  readonly trace?: string;
}

const folder = join(__dirname, 'octavia');
// The large ones alone take as long as all others.
const allMs = process.env['AMPHORAD_LARGE'] === undefined ? 170_000 : 400_000;
const isRoot = process.geteuid?.() === 0;
const listed = spawnSync('/usr/bin/python3', ['-B', join(folder, 'drive.py'), '--list'], {
  encoding: 'utf8',
});
const missing = !isRoot
  ? 'no root, so no network namespace'
  : listed.status !== 0
    ? 'no python3-octavia, so no controller'
    : undefined;
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);
const titles = missing === undefined ? listed.stdout.trim().split('\n') : ['all that a controller does'];

let told: ReadonlyMap<string, Told> = new Map();
let complaints = '';

/** Runs all cases and reads a line for each. */
function drive(): Promise<readonly Told[]> {
  const child = spawn(process.execPath, [join(folder, 'run.mjs'), '--target', 'ours'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const lines = output.split('\n').filter((line) => line.startsWith('{'));
      resolve(lines.map((line) => JSON.parse(line) as Told));
    });
  });
}

(missing === undefined ? describe : describe.skip)("Octavia's controller", () => {
  beforeAll(async () => {
    told = new Map((await drive()).map((one) => [one.title, one]));
  }, allMs);

  it.each(titles)('%s', (title) => {
    const one = told.get(title);
    if (one === undefined) throw new Error(`the case did not run\n${complaints}`);
    if (one.outcome === 'skipped') process.stderr.write(`skipped: ${title}: ${one.why ?? ''}\n`);
    else expect(`${one.outcome}${one.trace === undefined ? '' : `\n${one.trace}`}`).toBe('passed');
  });
});
