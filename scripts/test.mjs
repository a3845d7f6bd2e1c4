// Runs every test runner and closes with one line, the sum over all of them: "<n> passed, <m> failed".
// usage: node scripts/test.mjs [--check] [jest arguments]   (--check: also types, lint and format)
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const root = join(import.meta.dirname, '..');
const coverageBound = 90;
const args = process.argv.slice(2);
const check = args.includes('--check');
// Bounded runs, side by side, only when everything runs: 0 is passed, 77 cannot run here and says why.
const torture = [
  { name: 'chaos, 60 s', words: ['tests/chaos/chaos.mjs', '--minutes', '1'] },
  { name: 'fuzz, 60 s', words: ['tests/fuzz/fuzz.mjs', '--minutes', '1'] },
];
const cannotRun = 77;
// By itself: it takes both cores.
const pairs = { name: 'pairs, 60', words: ['tests/property/pairs.mjs', '--pairs', '60'] };
// After the others: it builds dist/ anew.
const packages = { name: 'packages', words: ['tests/package/package.mjs', '--quick'] };
const jestArgs = args.filter((word) => word !== '--check');
const total = { passed: 0, failed: 0 };
// Told once more at the end: jest's own words about them are pages away by then.
const failures = [];
const mostFailuresTold = 20;

function program(name, path, words) {
  process.stdout.write(`\n== ${name}\n`);
  return spawnSync(process.execPath, [join(root, 'node_modules', path), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
}

function count(name, ok) {
  total[ok ? 'passed' : 'failed'] += 1;
  if (!ok) failures.push(name);
  process.stdout.write(`${name}: ${ok ? 'passed' : 'FAILED'}\n`);
}

function staticChecks() {
  count('types', program('types', 'typescript/bin/tsc', ['--noEmit']).status === 0);
  count('lint', program('lint', 'eslint/bin/eslint.js', ['.', '--max-warnings', '0']).status === 0);
  count(
    'format',
    program('format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']).status === 0,
  );
}

function jest() {
  const scratch = mkdtempSync(join(tmpdir(), 'amphorad-test-'));
  const report = join(scratch, 'report.json');
  // A selection of tests says nothing about coverage.
  const whole = jestArgs.length === 0;
  const coverage = ['--coverage', '--coverageReporters=json-summary', '--coverageDirectory', scratch];
  const words = ['--maxWorkers=2', '--json', '--outputFile', report, ...(whole ? coverage : jestArgs)];
  const run = spawnSync(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...words], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    total.passed += result.numPassedTests;
    // A file that cannot even be loaded has no tests to count, and is a failure all the same.
    const broken = Math.max(
      result.numFailedTests + result.numRuntimeErrorTestSuites,
      run.status === 0 ? 0 : 1,
    );
    total.failed += broken;
    printSkipped(result);
    for (const file of result.testResults) failures.push(...failuresOf(file));
    if (whole) checkCoverage(join(scratch, 'coverage-summary.json'));
  } catch (error) {
    total.failed += 1;
    process.stdout.write(`no report from jest: ${error.message}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function printSkipped({ testResults }) {
  for (const { assertionResults } of testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status === 'pending' || status === 'todo') process.stdout.write(`skipped: ${fullName}\n`);
    }
  }
}

function failuresOf({ name, message, status, assertionResults }) {
  const path = relative(root, name);
  const lines = linesOf(message);
  const causes = new Set(lines.filter((_, index) => lines[index - 1] === 'Cause:'));
  const told = (what, why) => [`${path}: ${what}${why}`, ...causes].join(' <- ').slice(0, 400);
  const tests = assertionResults.filter((test) => test.status === 'failed');
  if (tests.length === 0) return status === 'failed' ? [told('', lines.slice(0, 3).join(' '))] : [];
  return tests.map((test) => told(`${test.fullName}: `, linesOf(test.failureMessages.join('\n'))[0]));
}

function linesOf(text) {
  const lines = stripVTControlCharacters(text).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

function printFailures() {
  for (const failure of failures.slice(0, mostFailuresTold)) process.stdout.write(`failed: ${failure}\n`);
  const more = failures.length - mostFailuresTold;
  if (more > 0) process.stdout.write(`failed: and ${more} more\n`);
}

function checkCoverage(path) {
  const { pct } = JSON.parse(readFileSync(path, 'utf8')).total.statements;
  count(`statement coverage of agent/: ${pct} % (at least ${coverageBound} %)`, pct >= coverageBound);
}

async function boundedRuns(runs) {
  for (const { name, status, output } of await Promise.all(runs.map(boundedRun))) {
    process.stdout.write(`\n== ${name}\n${output}`);
    if (status === cannotRun) process.stdout.write(`skipped: ${name}\n`);
    else count(name, status === 0);
  }
}

function boundedRun({ name, words }) {
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ name, status: 1, output: `${error.message}\n` }));
    child.on('close', (status) => resolve({ name, status, output }));
  });
}

if (check) staticChecks();
process.stdout.write('\n== unit, surfaces, live\n');
jest();
if (jestArgs.length === 0) {
  await boundedRuns(torture);
  await boundedRuns([pairs]);
  await boundedRuns([packages]);
}
printFailures();
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
