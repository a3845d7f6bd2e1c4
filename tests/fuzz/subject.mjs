// The agent under test: the production command in a directory of its own, with things around it that it must not touch.
import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { memoryOf } from '../../bench/memory-of.mjs';
import { prepareAmphorad, prepareDirectory } from '../../bench/servers.mjs';
import { waitUntil } from '../../scripts/demo/loopback.mjs';
import { endOrphans } from './orphans.mjs';
import { createWire } from './wire.mjs';

const startDeadlineMs = 20_000;
const probeDeadlineMs = 10_000;
const endGraceMs = 20_000;
const mostLogBytes = 8 * 1024 * 1024;
const probe = Buffer.from('GET /info HTTP/1.1\r\nHost: localhost\r\n\r\n');

/** Starts the agent. Throws with its last words when it does not answer. */
export async function startSubject() {
  const prepared = prepareDirectory();
  const { directory, certs } = prepared;
  const outside = join(directory, 'outside');
  mkdirSync(outside);
  /** Stands in files that nobody may read out. */
  const secret = `canary-${randomBytes(12).toString('hex')}`;
  writeFileSync(join(outside, 'canary'), `${secret} value\n`);
  const { port, start } = await prepareAmphorad(prepared, { words: ['--stop-children'] });
  const child = start();
  const logPath = join(directory, 'amphorad.log');
  let wire;
  try {
    wire = createWire({ port, certs, directory });
    const up = await waitUntil(() => child.ended() ?? isUp(wire), startDeadlineMs);
    if (up !== true) throw new Error(`the agent does not start: ${up ?? 'no answer'}\n${child.lastWords()}`);
  } catch (thrown) {
    await child.end(endGraceMs);
    prepared.remove();
    throw thrown;
  }
  recordPort(directory);
  const before = picture(directory);
  let readUpTo = 0;
  return {
    ...prepared,
    port,
    wire,
    outside,
    secret,
    basePath: join(directory, 'lib'),
    /** Says what is wrong with the agent or around it now; nothing when all is well. */
    async faults() {
      const faults = [];
      if (child.ended() !== undefined) return [`the agent ended: ${child.ended()}\n${child.lastWords()}`];
      const answer = await wire.ask(probe, { deadlineMs: probeDeadlineMs });
      if (answer?.status !== 200) faults.push(`GET /info: ${answer?.status ?? 'no answer'}`);
      const unread = readFileSync(logPath).subarray(readUpTo);
      // A line that is just being written shows in parts.
      const log = unread.subarray(0, unread.lastIndexOf(0x0a) + 1);
      readUpTo += log.length;
      faults.push(...logFaults(log.toString('utf8')));
      if (readUpTo > mostLogBytes && log.length === unread.length) {
        truncateSync(logPath);
        readUpTo = 0;
      }
      return [...faults, ...differences(before, picture(directory))];
    },
    memory: () => memoryOf(child.pid),
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    /** Ends the agent, its haproxys and the directory; with `keep` the directory stays. */
    async end(keep) {
      wire.close();
      await child.end(endGraceMs);
      endOrphans(directory);
      if (!keep) prepared.remove();
    },
  };
}

/** Puts a port on record, so that interface rules get as far as they can without a namespace. */
function recordPort(directory) {
  const addresses = [{ address: '192.0.2.7', prefixlen: 32 }];
  mkdirSync(join(directory, 'interfaces'), { recursive: true });
  writeFileSync(join(directory, 'interfaces', 'eth1.json'), JSON.stringify({ name: 'eth1', addresses }));
  writeFileSync(join(directory, 'lib', 'plugged_interfaces'), 'fa:16:3e:00:00:02 eth1\n');
}

async function isUp(wire) {
  try {
    return (await wire.ask(probe, { deadlineMs: probeDeadlineMs }))?.status === 200;
  } catch (thrown) {
    if (thrown.code === 'ECONNREFUSED') return false;
    throw thrown;
  }
}

/** Lists the lines of a log that tell of a fault of the agent's own: every line of its log begins with a time. */
export function logFaults(text) {
  const own = /request failed|unhandled|uncaught|\\n +at |heap/i;
  return text
    .split('\n')
    .filter(
      (line) => line !== '' && (!/^\d{4}-\d\d-\d\dT[\d:.]+Z [A-Z]+ /.test(line) || isOwnFault(line, own)),
    )
    .slice(0, 10)
    .map((line) => `log: ${line.slice(0, 600)}`);
}

// What clients send stands in the fields of access lines; only what the agent says of itself counts.
function isOwnFault(line, own) {
  const said = line.replace(/^\S+ [A-Z]+ /, '');
  return !said.startsWith('request requestId=') && own.test(said);
}

// What the agent may write to: its state, its log, its own certificate by PUT certificate, and
// its configuration by PUT /1.0/config.
const itsOwn = ['lib', 'amphorad.log', 'certs/server.pem', 'agent.conf'];

function picture(root, below = '', found = new Map()) {
  for (const name of readdirSync(join(root, below))) {
    const path = join(below, name);
    if (itsOwn.includes(path)) continue;
    const stat = lstatSync(join(root, path));
    if (stat.isDirectory()) picture(root, path, found);
    const content = stat.isFile() ? readFileSync(join(root, path), 'latin1') : '';
    const link = stat.isSymbolicLink() ? readlinkSync(join(root, path)) : '';
    found.set(path, `${stat.mode} ${link}${content}`);
  }
  return found;
}

function differences(before, after) {
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `outside its directories: ${path} changed`);
}
