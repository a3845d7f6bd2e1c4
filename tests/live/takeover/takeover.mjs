// The real Octavia agent runs a plugged VIP, two load balancers and keepalived; ours is started over what it leaves, under
// load, and takes over. Prints figures; exit status 1 when one of them is not as it must be, 77 when nothing can run here.
// usage: takeover.mjs --peer DIRECTORY_OF_ITS_SCRIPTS [--seconds 60]
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { waitUntil } from '../../../scripts/demo/loopback.mjs';
import { createController } from '../compare/client.mjs';
import { startPeer, whyNot } from '../octavia/targets.mjs';
import {
  allowNonlocalBind,
  endPeerAgent,
  makePort,
  networkOf,
  processesWith,
  startEar,
  startOursThere,
} from './stage.mjs';
import { download, startClients, startMember } from './traffic.mjs';
import { haproxyText, vipAddress, vipPort, vrrpText } from './texts.mjs';

const cannotRun = 77;
const endGraceMs = 8_000;
const base = '/var/lib/octavia';
const first = {
  id: '5b6f1a52-0000-4000-8000-000000000001',
  listener: '5b6f1a52-1111-4000-8000-000000000001',
  port: 8080,
};
const second = {
  id: '5b6f1a52-0000-4000-8000-000000000002',
  listener: '5b6f1a52-1111-4000-8000-000000000002',
  port: 8081,
};
const json = { 'Content-Type': 'application/json' };

/** One line of the report; `holds` says whether it is as it must be. */
function createReport() {
  const lines = [];
  return {
    say(name, figure, holds = true) {
      lines.push(holds);
      process.stdout.write(`${holds ? 'ok  ' : 'NOT '}${name}: ${figure}\n`);
    },
    isGood: () => lines.every(Boolean),
  };
}

function createCalls(target) {
  const send = createController(target);
  const call = async (method, path, body, headers = {}) => {
    const answer = await send({ method, path: `/1.0${path}`, body, headers });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.bytes}`);
    return answer;
  };
  return {
    call,
    statusOf: async ({ listener }) => {
      const all = JSON.parse((await call('GET', '/listeners')).bytes.toString());
      return all.find(({ uuid }) => uuid === listener)?.status ?? all.map(({ status }) => status).join();
    },
    upload: (id, text) => call('PUT', `/loadbalancer/${target.amphora_id}/${id}/haproxy`, text),
    act: (id, action) => call('PUT', `/loadbalancer/${id}/${action}`),
  };
}

const mastersOf = ({ id }) => processesWith('haproxy', `${base}/${id}/${id}.pid`);
const keepalived = () => processesWith('keepalived', `${base}/vrrp/octavia-keepalived.conf`);
const pluggedIn = (pid) => readFileSync(`/proc/${pid}/root${base}/plugged_interfaces`, 'utf8');
const firstPid = (processes) => Math.min(...processes.map((each) => Number(each.split('@')[0])));

async function prepare({ call, upload, act }, memberPort) {
  makePort();
  await call('POST', `/plug/vip/${vipAddress}`, JSON.stringify(vipPort), json);
  for (const each of [first, second]) {
    await upload(each.id, haproxyText(base, { ...each, memberPort, remark: 'of the first agent' }));
    await act(each.id, 'start');
  }
  // Afterwards: an agent that is no pair's half writes its check for what runs then.
  await call('PUT', '/vrrp/upload', vrrpText(base));
  await call('PUT', '/vrrp/start');
}

/** Resolves once the listener answers, with how often it did: keepalived has to have the VIP first. */
async function serves(at) {
  const clients = startClients(at, 1);
  const isServed = await waitUntil(
    () => clients.counts.requests - clients.counts.failures.length > 3,
    30_000,
  );
  const { requests, failures } = await clients.end();
  if (!isServed) throw new Error('the VIP does not answer');
  return requests - failures.length;
}

async function takeOver(peer, seconds, report) {
  const agent = await startPeer(peer);
  const undo = [() => agent.end()];
  try {
    const { target } = agent;
    const calls = createCalls(target);
    const ear = await startEar(target.udp_port);
    undo.push(() => ear.close());
    const member = await startMember('0.0.0.0');
    undo.push(() => member.close());
    allowNonlocalBind(target.namespace);
    await prepare(calls, member.port);
    const at = { host: vipAddress, port: first.port };
    const before = await serves(at);
    const clients = startClients(at, 8);
    const long = download(at, seconds);
    await sleep(4_000);

    const group = mastersOf(first);
    const other = mastersOf(second);
    const vrrp = keepalived();
    const network = networkOf(target.namespace);
    const plugged = pluggedIn(firstPid(group));
    await endPeerAgent(`${target.scratch}/agent`);
    const toldByPeer = ear.sumOf(first.listener);
    const startMs = performance.now();
    const ours = await startOursThere(firstPid(group), target.scratch);
    undo.push(() => ours.end(endGraceMs));
    const readyMs = Math.round(performance.now() - startMs);
    report.say('our start, to its first answer', `${readyMs} ms`);
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    report.say(
      'haproxy, before and after our start',
      `${group} | ${mastersOf(first)}`,
      same(group, mastersOf(first)),
    );
    report.say(
      'keepalived, before and after',
      `${vrrp} | ${keepalived()}`,
      vrrp.length > 0 && same(vrrp, keepalived()),
    );
    const status = await calls.statusOf(first);
    report.say('status of the listener', status, /ACTIVE|RUNNING/.test(status));
    const networkAfter = networkOf(target.namespace);
    report.say(
      'addresses, routes, rules',
      networkAfter === network ? 'untouched' : `${network}\n->\n${networkAfter}`,
      networkAfter === network,
    );
    report.say('plugged_interfaces', 'untouched', pluggedIn(firstPid(group)) === plugged);
    await sleep(3_000);
    const failed = () => clients.counts.failures.length;
    report.say('requests failed over our start', `${failed()} of ${clients.counts.requests}`, failed() === 0);
    const open = ear.told.filter(({ id }) => id === first.listener).at(-1);
    report.say(
      'heartbeats',
      `${open.status}, ${toldByPeer} told by the former agent, ${ear.sumOf(first.listener)} by both`,
      open.status === 'OPEN' && ear.sumOf(first.listener) > toldByPeer,
    );

    await calls.upload(first.id, haproxyText(base, { ...first, memberPort: member.port, remark: 'of ours' }));
    const reloadMs = performance.now();
    await calls.act(first.id, 'reload');
    const handOverMs = Math.round(performance.now() - reloadMs);
    const masters = processesWith('haproxy', `${base}/${first.id}/live.cfg`);
    report.say(
      'first reload (hand-over)',
      `${handOverMs} ms, our master and worker ${masters}`,
      masters.length === 2,
    );
    await sleep(2_000);
    report.say(
      'requests failed over the hand-over',
      `${failed()} of ${clients.counts.requests}`,
      failed() === 0,
    );
    await calls.upload(first.id, haproxyText(base, { ...first, memberPort: member.port, remark: 'again' }));
    await calls.act(first.id, 'reload');
    report.say('second reload, our own', 'done');
    await calls.call('PUT', '/vrrp/reload');
    report.say('keepalived after its reload', `${keepalived()}`, same(vrrp, keepalived()));

    const { wanted, bytes, error } = await long;
    report.say(
      `download of ${seconds} s across all of it`,
      error ?? `${bytes} of ${wanted} bytes`,
      bytes === wanted,
    );
    const { requests, failures } = await clients.end();
    report.say(
      'requests failed in all',
      `${failures.length} of ${requests} ${failures.slice(0, 3).join('; ')}`,
      failures.length === 0,
    );
    const isGone = await waitUntil(() => group.every((each) => !mastersOf(first).includes(each)), 15_000);
    report.say('the former haproxy', isGone ? 'has ended by itself' : 'is still there', isGone === true);
    const connections = before + requests + 1;
    await ear.settled(first.listener, connections);
    const sum = ear.sumOf(first.listener);
    report.say(
      'connections, counted by clients and told in heartbeats',
      `${connections} | ${sum}`,
      sum === connections,
    );

    await calls.call('DELETE', `/listeners/${second.id}`);
    const left = mastersOf(second);
    report.say(
      'deleting one that was never reloaded',
      `${other} | ${left.length} left`,
      other.length > 0 && left.length === 0,
    );
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** The trial has a network namespace of its own, for the port and the agents. */
function runAtHome() {
  const home = `amphorad-takeover-${process.pid}`;
  execFileSync('ip', ['netns', 'add', home]);
  try {
    execFileSync('ip', ['-n', home, 'link', 'set', 'lo', 'up']);
    const argv = [`--net=/run/netns/${home}`, ...process.argv, '--home', home];
    return spawnSync('nsenter', argv, { stdio: 'inherit' }).status ?? 1;
  } finally {
    execFileSync('ip', ['netns', 'del', home]);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      peer: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      home: { type: 'string' },
    },
  });
  const reason = values.peer === undefined ? 'no --peer with scripts that run the real agent' : whyNot();
  if (reason !== undefined) {
    process.stderr.write(`skipped: ${reason}\n`);
    return cannotRun;
  }
  if (values.home === undefined) return runAtHome();
  const report = createReport();
  await takeOver(values.peer, Number(values.seconds), report);
  return report.isGood() ? 0 : 1;
}

process.exitCode = await main();
