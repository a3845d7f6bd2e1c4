// Reloads one listener again and again under kept-alive load, each time with another text, and prints what it cost:
// failed requests, the agent's descriptors and memory, old workers that stay. Exit status 1 when one is too much.
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startAgent } from '../scripts/demo/agent.mjs';
import { startBackend } from '../scripts/demo/backends.mjs';
import { renderConfiguration } from '../scripts/demo/configuration.mjs';
import { listenForInterruption } from '../scripts/demo/interruption.mjs';
import { freePort } from '../scripts/demo/loopback.mjs';
import { clearStage, createStage } from '../scripts/demo/stage.mjs';
import { startLoad } from '../scripts/demo/traffic.mjs';
import { memoryOf } from './memory-of.mjs';
import { quantile } from './statistics.mjs';

const usage = `usage: npm run reloads -- [--count N]

  --count N  how many reloads (default 1000, at least 200)
`;
const keptAlive = 8;
const pauseMs = 5;
/** After so many reloads everything that is ever loaded or kept has been: growth counts from here. */
const settledAfter = 100;
const mostGrowth = 1.1;
const lingerMs = 30_000;
// What a garbage collector has not yet looked at is no growth: the least of some looks counts.
const looks = 10;
const lookMs = 300;

async function main() {
  const count = readCount();
  const interruption = listenForInterruption();
  try {
    const result = await withListener(interruption.signal, (stage) => measure(stage, count));
    process.stdout.write(render(result));
    const faults = faultsOf(result);
    for (const fault of faults) process.stderr.write(`reloads: ${fault}\n`);
    return faults.length === 0 ? 0 : 1;
  } catch (thrown) {
    process.stderr.write(`reloads: ${thrown.message}\n`);
    return interruption.status() ?? 1;
  }
}

function readCount() {
  try {
    const { values } = parseArgs({
      options: { count: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const count = Number(values.count ?? 1_000);
    if (!Number.isInteger(count) || count < 2 * settledAfter)
      throw new Error('--count: a whole number from 200 on');
    return count;
  } catch (thrown) {
    process.stderr.write(`${thrown.message}\n${usage}`);
    process.exit(64);
  }
}

/** Runs a job with an agent and a listener of its own, and takes both away again. */
async function withListener(signal, job) {
  const agent = await startAgent(signal);
  const report = { call: () => {} };
  const stage = { ...createStage({ agent, report, signal }), agentPid: agent.pid, port: await freePort() };
  try {
    for (const member of stage.members) {
      member.backend = await startBackend(member.name);
      member.port = member.backend.port;
    }
    stage.uploaded = true;
    await upload(stage, 0);
    const started = await expectStatus(stage, 202, 'PUT', `${stage.path}/start`);
    stage.masterPid = Number(/pid (\d+)/.exec(started.text)[1]);
    return await job(stage);
  } finally {
    await clearStage(stage).finally(() => agent.end());
    agent.api.close();
  }
}

/** Uploads a text that differs from that of every other round. */
function upload({ amphoraId, listener, port, pool, members, ...stage }, round) {
  const path = `/v0.1/listeners/${amphoraId}/${listener}/haproxy`;
  const text = renderConfiguration({ listener, port, pool, members })
    // The members live in this process: when the machine keeps it waiting they would be found down, and that is no reload's doing.
    .replaceAll(' check inter 200ms', '')
    .replace('maxconn 1000', `maxconn ${1_000 + round}`);
  return expectStatus(stage, 201, 'PUT', path, text);
}

async function expectStatus({ api, signal }, status, method, path, body) {
  const answer = await api.call(method, path, { body, signal });
  if (answer.status === status) return answer;
  throw new Error(`${method} ${path} is answered with ${answer.status} ${answer.text}`);
}

async function measure(stage, count) {
  const load = startLoad(stage.port, { keptAlive, fresh: 0, mostRequests: Infinity, pauseMs }, stage.signal);
  const reloadMs = [];
  let settled;
  for (let round = 1; round <= count; round += 1) {
    await upload(stage, round);
    const begin = performance.now();
    await expectStatus(stage, 202, 'PUT', `${stage.path}/reload`);
    reloadMs.push(performance.now() - begin);
    if (round === settledAfter) settled = await heldBy(stage.agentPid);
    if (round % 50 === 0 && process.stderr.isTTY) process.stderr.write(`\r\u001b[K${round} of ${count}`);
  }
  const last = await heldBy(stage.agentPid);
  const basePath = dirname(stage.certificateDirectory);
  const reloads = await reloadsOf(join(basePath, stage.listener, 'master.sock'));
  const { answered, failures } = await load.stop();
  const oldWorkers = await oldWorkersAfter(stage.masterPid, lingerMs);
  return { count, reloads, answered, failures, reloadMs, settled, last, oldWorkers };
}

/** Descriptors and memory of a process, the least of some looks. */
async function heldBy(pid) {
  const seen = [];
  for (let look = 0; look < looks; look += 1) {
    await sleep(lookMs);
    seen.push({ descriptors: readdirSync(`/proc/${pid}/fd`).length, ...memoryOf(pid) });
  }
  const least = (key) => Math.min(...seen.map((each) => each[key]));
  return { descriptors: least('descriptors'), pss: least('pss'), rss: least('rss') };
}

/** How often a master has been reloaded, as its own socket tells. */
function reloadsOf(masterSocket) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(masterSocket, () => socket.end('show proc\n'));
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/\smaster\s+(\d+)/.exec(text)?.[1])));
  });
}

/** How many workers beside the present one live `ms` from now; 0 as soon as there are none. */
async function oldWorkersAfter(masterPid, ms) {
  const deadline = performance.now() + ms;
  for (;;) {
    const children = readFileSync(`/proc/${masterPid}/task/${masterPid}/children`, 'utf8')
      .trim()
      .split(/\s+/);
    if (children.length <= 1 || performance.now() > deadline) return children.length - 1;
    await sleep(100);
  }
}

function faultsOf({ count, reloads, failures, settled, last, oldWorkers }) {
  const faults = [];
  if (reloads !== count) faults.push(`haproxy was reloaded ${reloads} times, not ${count}`);
  if (failures.length > 0)
    faults.push(`${failures.length} requests failed: ${[...new Set(failures)].join(', ')}`);
  for (const key of ['descriptors', 'pss', 'rss']) {
    if (last[key] > settled[key] * mostGrowth)
      faults.push(`${key} grew from ${settled[key]} to ${last[key]}`);
  }
  if (oldWorkers > 0) faults.push(`${oldWorkers} old workers are left ${lingerMs / 1_000} s after the load`);
  return faults;
}

function render({ count, reloads, answered, failures, reloadMs, settled, last, oldWorkers }) {
  const first = quantile(reloadMs.slice(0, settledAfter), 0.5);
  const ratio = (from) => (quantile(reloadMs.slice(from), 0.5) / first).toFixed(2);
  const held = (key, digits) => `${settled[key].toFixed(digits)} | ${last[key].toFixed(digits)}`;
  const growth = (key) => (last[key] / settled[key]).toFixed(2);
  const rows = [
    ['measured', `after ${settledAfter}`, `after ${count}`, 'ratio'],
    ['---', '---', '---', '---'],
    ['reloads of haproxy', '', reloads, ''],
    [`requests over ${keptAlive} kept-alive connections`, '', answered + failures.length, ''],
    ['failed requests', '', failures.length, ''],
    [`median reload, last ${settledAfter} to first`, '', '', ratio(-settledAfter)],
    [`median reload, all to first ${settledAfter}`, '', '', ratio(0)],
    ['descriptors of the agent', held('descriptors', 0), growth('descriptors')],
    ['memory of the agent, PSS MiB', held('pss', 1), growth('pss')],
    ['memory of the agent, RSS MiB', held('rss', 1), growth('rss')],
    [`old workers ${lingerMs / 1_000} s after the load`, '', oldWorkers, ''],
  ];
  return `${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

process.exitCode = await main();
