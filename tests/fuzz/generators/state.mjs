// State files as a crash, a bad disk or an intruder leaves them, and then a start of the agent: it is ready, or it says
// in one line why not. Links are not followed, a foreign process is not signalled, nothing hangs.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { prepareAmphorad } from '../../../bench/servers.mjs';
import { freePort, waitUntil } from '../../../scripts/demo/loopback.mjs';
import { hostileJson } from '../json-text.mjs';
import { mutateBytes } from '../mutate.mjs';
import { endOrphans } from '../orphans.mjs';
import { uuidOf } from '../requests.mjs';
import { logFaults } from '../subject.mjs';

const startDeadlineMs = 40_000;
const endGraceMs = 20_000;
const secret = 'canary value of a file outside\n';
const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const config =
  'global\n    maxconn 100\ndefaults\n    mode http\n    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\nlisten l\n    bind 127.0.0.1:PORT\n';
const names = [
  'state.json',
  'state.json',
  'state.json',
  'haproxy.cfg',
  'running.cfg',
  'live.cfg',
  'overlay.cfg',
  'haproxy.log',
  'haproxy.cfg.candidate',
  '.state.json.tmp',
  'admin.sock',
  'PID',
];

/** The generator. */
export const state = {
  name: 'state',
  share: 1,
  atOnce: 1,
  prepare: async () => ({ port: await freePort() }),
  make(random, { seed }) {
    const listeners = Array.from({ length: random.between(1, 4) }, (_, index) => ({
      id: uuidOf(seed, `state ${index}`),
      files: random.some(names, 5).map((name) => fileOf(name, random)),
      isLink: random.oneIn(12),
    }));
    const strays = random.some(strayNames, 3).map((name) => fileOf(name, random));
    return { listeners, strays, input: Buffer.from(JSON.stringify({ listeners, strays }, undefined, 1)) };
  },
  async run({ listeners, strays }, { scratch, subject, port }) {
    const root = mkdtempSync(join(scratch, 's-'));
    // A process that is none of ours, and whose pid a state may name.
    const foreign = spawn('sleep', ['1000'], { stdio: 'ignore' });
    try {
      const lay = layOut(root, foreign.pid, port);
      for (const { id, files, isLink } of listeners) {
        if (isLink) symlinkSync(join(root, 'outside'), join(root, 'lib', id));
        else {
          mkdirSync(join(root, 'lib', id), { mode: 0o700 });
          for (const file of files)
            lay({ ...file, name: file.name.replace('PID', `${id}.pid`) }, join(root, 'lib', id));
        }
      }
      for (const file of strays) lay(file, join(root, 'lib'));
      return await startOn(root, subject, foreign);
    } finally {
      foreign.kill('SIGKILL');
      endOrphans(root);
      rmSync(root, { recursive: true, force: true });
    }
  },
};

const strayNames = [
  'agent.sock',
  'vrrp',
  'certs',
  'stray',
  `${uuidOf(0, 'stray')}.sock`,
  '.x.tmp',
  'stats_counters.json',
  uuidOf(0, 'upper').toUpperCase(),
];

function fileOf(name, random) {
  const kind = random.pick([
    'content',
    'content',
    'content',
    'link',
    'directory',
    'fifo',
    'dangling',
    'large',
  ]);
  const content = contentOf(name, random).toString('latin1');
  return {
    name,
    kind,
    content: kind === 'content' ? content : '',
    mode: random.pick([0o600, 0o600, 0o644, 0o000, 0o777]),
  };
}

function contentOf(name, random) {
  if (name === 'PID')
    return Buffer.from(random.pick(['FOREIGN\n', '1\n', '-1\n', '0\n', '99999999999\n', 'x', '', '2 3\n']));
  if (!name.endsWith('state.json'))
    return random.oneIn(2) ? Buffer.from(config) : mutateBytes(Buffer.from(config), random);
  const whole = {
    schema: random.oneIn(8) ? random.pick([2, 99, 0, -1, 1e300, '1', null]) : 1,
    owner: random.pick(['octavia-v0.1', 'octavia-v0.1', 'runtime-v1', 'nobody']),
    peer: random.pick(['peer', 'peer', '', '-x', 'a b', 'p'.repeat(70)]),
    desired: random.pick(['running', 'stopped', 'removed', 'flying']),
    ...(random.oneIn(2)
      ? {
          process: {
            pid: random.pick(['FOREIGN', 1, 2, 4_194_305, -5]),
            startTicks: random.pick(['TICKS', '0', '9'.repeat(30)]),
            bootId: random.pick(['BOOT', 'x']),
          },
        }
      : {}),
    ...(random.oneIn(3)
      ? { running: { text: 'a', overlay: 'b', peer: 'p', binary: 'c', files: { __proto__: 'x' } } }
      : {}),
  };
  const text = Buffer.from(JSON.stringify(whole));
  return random.pick([
    () => text,
    () => text,
    () => mutateBytes(text, random),
    () => text.subarray(0, random.below(text.length)),
    () => hostileJson(random),
  ])();
}

function layOut(root, foreignPid, port) {
  for (const name of ['lib', 'outside']) mkdirSync(join(root, name));
  const canary = join(root, 'outside', 'canary');
  writeFileSync(canary, secret);
  const ticks = readFileSync(`/proc/${foreignPid}/stat`, 'utf8').split(') ')[1].split(' ')[19];
  return ({ name, kind, content, mode }, directory) => {
    const path = join(directory, name);
    rmSync(path, { recursive: true, force: true });
    if (kind === 'link') symlinkSync(canary, path);
    else if (kind === 'dangling') symlinkSync(join(root, 'outside', 'made'), path);
    else if (kind === 'directory') mkdirSync(join(path, 'within'), { recursive: true });
    else if (kind === 'fifo') spawnSync('mkfifo', [path]);
    else {
      const filled = content
        .replaceAll('"FOREIGN"', String(foreignPid))
        .replaceAll('FOREIGN', String(foreignPid))
        .replaceAll('TICKS', ticks)
        .replaceAll('BOOT', bootId)
        .replaceAll('PORT', String(port));
      writeFileSync(path, Buffer.from(filled, 'latin1'));
      if (kind === 'large') truncateSync(path, 64 * 1024 * 1024);
      chmodSync(path, mode);
    }
  };
}

async function startOn(root, { certs, amphoraId }, foreign) {
  const { start } = await prepareAmphorad(
    { directory: root, certs, amphoraId },
    { words: ['--stop-children'] },
  );
  const child = start();
  const faults = [];
  const log = () => readFileSync(join(root, 'amphorad.log'), 'utf8');
  const came = await waitUntil(
    () => (child.ended() ?? / INFO listening /.test(log())) || undefined,
    startDeadlineMs,
  );
  if (came === undefined) faults.push(`the start hangs: ${child.lastWords()}`);
  await child.end(endGraceMs);
  const refused = typeof came === 'string' && / ERROR the agent cannot start /.test(log());
  if (typeof came === 'string' && !refused)
    faults.push(`the start failed without a word: ${came}: ${child.lastWords()}`);
  if (came === true && child.ended() !== 'it ended with 0')
    faults.push(`the end: ${child.ended()}: ${child.lastWords()}`);
  faults.push(...logFaults(log()));
  if (log().includes(secret.trim())) faults.push('the log holds what a file outside holds');
  if (foreign.exitCode !== null || foreign.signalCode !== null) faults.push('a foreign process was ended');
  const outside = readdirSync(join(root, 'outside'));
  if (outside.join() !== 'canary' || readFileSync(join(root, 'outside', 'canary'), 'utf8') !== secret) {
    faults.push(`a link was followed: ${outside.join(', ')}`);
  }
  return { outcome: refused ? 'refused' : 'ready', faults };
}
