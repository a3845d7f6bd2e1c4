// What the trial needs of the machine: a port, the real agent's end without that of what it runs, ours in its place, and
// the ear that adds up what both tell in heartbeats.
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { startChild } from '../../../scripts/demo/child.mjs';
import { waitUntil } from '../../../scripts/demo/loopback.mjs';
import { farAddress, vipMac } from './texts.mjs';

const launcher = join(import.meta.dirname, '..', '..', '..', 'dist', 'amphorad');
const macBytes = 64;
const deadlineMs = 20_000;

/** Makes the port that the VIP will be plugged on, with its far end here. */
export function makePort() {
  execFileSync('ip', [
    'link',
    'add',
    'tap-vip',
    'address',
    vipMac,
    'type',
    'veth',
    'peer',
    'name',
    'far-vip',
  ]);
  execFileSync('ip', ['link', 'set', 'far-vip', 'up']);
  execFileSync('ip', ['addr', 'add', `${farAddress}/24`, 'dev', 'far-vip']);
}

/** As the unit that makes an amphora's namespace does: haproxy starts before keepalived has the VIP. */
export function allowNonlocalBind(namespace) {
  const words = ['netns', 'exec', namespace, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind'];
  execFileSync('ip', words);
}

/** What the namespace has of addresses, routes and rules, as one text. */
export function networkOf(namespace) {
  const shown = [
    ['-o', 'addr'],
    ['route', 'show', 'table', 'all'],
    ['rule', 'show'],
  ].map((words) => execFileSync('ip', ['-n', namespace, ...words], { encoding: 'utf8' }));
  return shown.join('').replace(/ expires \d+sec| valid_lft.*/g, '');
}

/** Pids of the processes whose command line has all these words, with their start times. */
export function processesWith(...words) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const has = words.every((word) => argv.some((each) => each.includes(word)));
        return has && fields[0] !== 'Z' ? [`${pid}@${fields[19]}`] : [];
      } catch {
        return [];
      }
    })
    .sort();
}

/** Ends the real agent, all its processes, and nothing that it has started for load balancers. */
export async function endPeerAgent(directory) {
  const pid = Number(readFileSync(join(directory, 'agent.pid'), 'utf8'));
  const own = [pid, ...childrenOf(pid)];
  process.kill(pid, 'SIGTERM');
  const isGone = () => own.every((each) => !isThere(each));
  if (await waitUntil(isGone, deadlineMs / 4)) return;
  for (const each of own) if (isThere(each)) process.kill(each, 'SIGKILL');
  if (!(await waitUntil(isGone, deadlineMs))) throw new Error('the real agent does not end');
}

function childrenOf(pid) {
  const words = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return words.filter((word) => word !== '').map(Number);
}

function isThere(pid) {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Starts ours where the real agent was: in its mount namespace, on its agent.conf. */
export async function startOursThere(masterPid, scratch) {
  writeFileSync(
    join(scratch, 'local.conf'),
    '[amphorad]\nnetwork_namespace = amphora-haproxy\nprocess_manager = direct\n',
  );
  const files = [
    '--config-file',
    '/etc/octavia/amphora-agent.conf',
    '--local-config',
    join(scratch, 'local.conf'),
  ];
  let output = '';
  const through = ['nsenter', `--mount=/proc/${masterPid}/ns/mnt`];
  const argv = [...through, launcher, 'serve', ...files, '--ready-json', '--stop-children'];
  const child = startChild(argv, join(scratch, 'amphorad.log'), (text) => (output += text));
  const isReady = () => output.includes('"pid"') || child.ended() !== undefined;
  await waitUntil(isReady, deadlineMs);
  if (!output.includes('"pid"')) throw new Error(`amphorad: ${child.ended()}\n${child.lastWords()}`);
  return child;
}

/** Adds up what heartbeats tell, whoever sends them. */
export async function startEar(port) {
  const sums = new Map();
  const told = [];
  const socket = createSocket('udp4');
  socket.on('message', (envelope) => {
    const { listeners } = JSON.parse(inflateSync(envelope.subarray(0, -macBytes)).toString());
    for (const [id, { status, stats }] of Object.entries(listeners)) {
      sums.set(id, (sums.get(id) ?? 0) + (stats?.totconns ?? 0));
      told.push({ id, status, totconns: stats?.totconns ?? 0 });
    }
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    told,
    sumOf: (id) => sums.get(id) ?? 0,
    /** Waits until the sum is this, or no longer. */
    settled: async (id, sum) => {
      await waitUntil(() => (sums.get(id) ?? 0) >= sum, deadlineMs / 2);
      await sleep(1_500);
    },
    close: () => socket.close(),
  };
}
