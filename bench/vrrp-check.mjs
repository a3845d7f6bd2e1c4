// What keepalived's check of haproxy costs the processor each time: it runs every few seconds, for ever. Against the
// shell that starts it, with nothing to do.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../scripts/demo/loopback.mjs';

const batches = 10;
const quickBatches = 2;
const runsInABatch = 100;
const answerDeadlineMs = 10_000;
const endGraceMs = 5_000;
const program = join(import.meta.dirname, '..', 'dist', 'haproxy-vrrp-check');
const subject = 'haproxy-vrrp-check';

/** The benchmark. */
export const vrrpCheck = {
  name: 'vrrp-check',
  title: 'CPU time of one run of haproxy-vrrp-check',
  deadlineMs: 120_000,
  run,
};

async function run({ quick, signal, progress }) {
  const directory = mkdtempSync('/tmp/amph-bench-');
  const socket = join(directory, 'stats.sock');
  const haproxy = startHaproxy(directory, socket);
  try {
    const isAnswering = () => spawnSync(program, [socket], { stdio: 'ignore' }).status === 0;
    if (!(await waitUntil(isAnswering, answerDeadlineMs, signal))) throw new Error('haproxy does not answer');
    const commands = [
      [subject, [program, socket]],
      ['sh -c :', ['sh', '-c', ':']],
    ];
    const samples = new Map(commands.map(([name]) => [name, []]));
    const count = quick ? quickBatches : batches;
    for (let batch = 0; batch < count; batch += 1) {
      progress(`vrrp-check: batch ${batch + 1} of ${count}`);
      for (const [name, argv] of batch % 2 === 0 ? commands : commands.toReversed()) {
        signal.throwIfAborted();
        samples.get(name).push(cpuOf(argv));
      }
    }
    const series = [...samples].map(([name, values]) => ({ subject: name, values }));
    const bound = { subject, of: 'median', most: 10 };
    return { metrics: [{ name: 'CPU time a run', unit: 'ms', digits: 2, series, bound }], notes };
  } finally {
    await end(haproxy);
    rmSync(directory, { recursive: true, force: true });
  }
}

const notes = [
  `One haproxy with one stats socket. A figure is the mean of ${runsInABatch} runs: user and system time of the children, as the kernel counts them for the shell that starts them (getrusage, by bash's times).`,
];

/** Milliseconds of user and system time for each of a batch of runs. Throws when one fails. */
function cpuOf(argv) {
  const script = `for ((i = 0; i < ${runsInABatch}; i += 1)); do "$@" || exit 1; done; times`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...argv], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  if (status !== 0) throw new Error(`${argv[0]} fails: ${stderr}`);
  // The second line is the children's: 0m0.123s 0m0.045s
  const spent = [...stdout.split('\n')[1].matchAll(/(\d+)m([\d.]+)s/g)];
  const seconds = spent.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0);
  return (seconds * 1_000) / runsInABatch;
}

function startHaproxy(directory, socket) {
  const config = join(directory, 'haproxy.cfg');
  writeFileSync(
    config,
    `global
  stats socket ${socket} level user
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend pool
  server member 127.0.0.1:9
`,
  );
  return spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' });
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), endGraceMs);
  await ended;
  clearTimeout(forced);
}
