// A thousand amphorae in one process, as a harness for controllers has them: how long they take to start, what they hold in
// memory once each has answered over mTLS, and whether every one is heard in every interval, evenly spread.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { get } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { memoryOf } from './memory-of.mjs';

const intervalMs = 10_000;
const intervals = 6;
const callsAtOnce = 8;
// A start makes much that is soon forgotten. The launcher's flags, which keep one agent small, would have a thousand collect
// garbage for a third of the time.
const flags = ['--max-semi-space-size=8'];

/** The benchmark. */
export const fleet = {
  name: 'fleet',
  title: 'amphorae over fake haproxies in one process',
  deadlineMs: 300_000,
  run,
};

async function run({ quick, signal, progress }) {
  const { startHealthManager } = createRequire(import.meta.url)(
    join(import.meta.dirname, '..', 'dist', 'testing.cjs'),
  );
  const [small, count] = quick ? [1, 50] : [1, 1_000];
  const single = await measure(small, startHealthManager, { intervals: 0, signal, progress });
  const many = await measure(count, startHealthManager, {
    intervals: quick ? 1 : intervals,
    signal,
    progress,
  });
  const faults = faultsOf(many, count);
  if (faults.length > 0) throw new Error(`fleet: ${faults.join('; ')}`);
  const subject = `${count} amphorae`;
  const metric = (name, unit, digits, read, most) => ({
    name,
    unit,
    digits,
    series: [
      { subject, values: [read(many)] },
      { subject: 'one amphora', values: [read(single)] },
    ],
    ...(most === undefined ? {} : { bound: { subject, of: 'median', most } }),
  });
  return {
    metrics: [
      metric('time until all answer', 's', 2, ({ startedMs }) => startedMs / 1_000, 10),
      metric('CPU until all answer', 's', 2, ({ cpuMs }) => cpuMs / 1_000),
      metric('PSS once all were called', 'MiB', 0, ({ pss }) => pss, 400),
    ],
    notes: [
      `Answered GET /1.0/info over mTLS, each with a certificate for its own id: ${many.answered} of ${count}.`,
      ...many.heard.map(
        ({ amphorae, heartbeats, fullest }, index) =>
          `Interval ${index + 1}: heard ${amphorae} of ${count}, ${heartbeats} heartbeats, at most ${fullest} in a second (share ${Math.round((count * 1_000) / intervalMs)}).`,
      ),
      ...(many.refused === 0 ? [] : [`${many.refused} datagrams did not verify.`]),
      'A fleet lies in /dev/shm where there is one.',
    ],
  };
}

/** What no bound can say: everyone is there, in every interval, and no second is crowded. */
function faultsOf({ answered, heard, refused }, count) {
  const share = (count * 1_000) / intervalMs;
  return [
    ...(answered === count ? [] : [`${count - answered} did not answer`]),
    ...(refused === 0 ? [] : [`${refused} datagrams did not verify`]),
    ...heard.flatMap(({ amphorae, fullest }, index) => [
      ...(amphorae === count ? [] : [`interval ${index + 1} lacks ${count - amphorae}`]),
      ...(fullest <= 2 * share ? [] : [`interval ${index + 1} has a second with ${fullest}`]),
    ]),
  ];
}

async function measure(count, startHealthManager, { intervals: wanted, signal, progress }) {
  const manager = await startHealthManager();
  const child = spawn(
    process.execPath,
    [...flags, join(import.meta.dirname, 'fleet-process.mjs'), String(count), manager.target, manager.key],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...(existsSync('/dev/shm') ? { TMPDIR: '/dev/shm' } : {}) },
    },
  );
  const ended = once(child, 'exit');
  const abort = () => child.kill('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  try {
    progress(`fleet: starting ${count}`);
    const started = await firstLine(child, ended);
    progress(`fleet: calling ${count}`);
    const answered = await callAll(started);
    const heard = await listen(manager, started.amphorae, wanted, progress);
    const { pss } = memoryOf(child.pid);
    return { ...started, answered, heard, pss, refused: manager.refused.length };
  } finally {
    signal.removeEventListener('abort', abort);
    child.stdin.end();
    await ended;
    await manager.close();
  }
}

async function firstLine({ stdout }, ended) {
  const line = await Promise.race([
    once(createInterface({ input: stdout }), 'line'),
    ended.then(() => {
      throw new Error('the process of the fleet ended before it was ready');
    }),
  ]);
  return JSON.parse(line[0]);
}

/** How many answered with a certificate of their own. */
async function callAll({ amphorae, ca, keyPem, certificatePem }) {
  const waiting = [...amphorae];
  const seen = new Set();
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { status, names, serial } = await call(next, { ca, key: keyPem, cert: certificatePem });
      if (status === 200 && names.includes(next.amphoraId)) seen.add(serial);
    }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, work));
  return seen.size;
}

function call({ port }, options) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/1.0/info', agent: false, ...options }, (response) => {
      const { subjectaltname: names = '', serialNumber: serial } = response.socket.getPeerCertificate();
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode, names, serial }));
    }).once('error', reject);
  });
}

/** Listens for whole intervals from now on: who was heard in each, and how many came in its fullest second. */
async function listen(manager, amphorae, wanted, progress) {
  const began = performance.now();
  const heard = Array.from({ length: wanted }, () => ({
    ids: new Set(),
    bySecond: Array(intervalMs / 1_000).fill(0),
  }));
  const take = (id) => {
    const at = performance.now() - began;
    const interval = heard[Math.floor(at / intervalMs)];
    if (interval === undefined) return;
    interval.ids.add(id);
    interval.bySecond[Math.floor((at % intervalMs) / 1_000)] += 1;
  };
  const ended = new AbortController();
  for (const { amphoraId } of amphorae)
    void follow(manager.of(amphoraId), () => take(amphoraId), ended.signal);
  for (let index = 0; index < wanted; index += 1) {
    progress(`fleet: interval ${index + 1} of ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, began + (index + 1) * intervalMs - performance.now()));
  }
  ended.abort();
  return heard.map(({ ids, bySecond }) => ({
    amphorae: ids.size,
    heartbeats: bySecond.reduce((sum, each) => sum + each, 0),
    fullest: Math.max(...bySecond),
  }));
}

async function follow(heartbeats, take, signal) {
  for await (const heartbeat of heartbeats) {
    if (signal.aborted) return;
    take(heartbeat);
  }
}
