// A haproxy that nobody supervises: the limits of what an agent can do. It is reloaded as a shell does it, a check and a
// signal, and changed by commands on its socket.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startChild } from '../scripts/demo/child.mjs';
import { waitUntil } from '../scripts/demo/loopback.mjs';
import { workersOf } from './processes.mjs';

const startDeadlineMs = 10_000;
const endGraceMs = 2_000;
const run = promisify(execFile);

/** Starts one with the text that `textOf(basePath, id)` gives. */
export async function startBareHaproxy(directory, textOf) {
  const id = randomUUID();
  // Short: a socket's path has 97 characters at most.
  const home = join(directory, id.slice(0, 8));
  mkdirSync(join(home, id), { recursive: true });
  const file = join(home, `${id}.cfg`);
  const socket = join(home, `${id}.sock`);
  const write = (text) => writeFileSync(file, text.replace('level user', 'level admin'));
  write(textOf(home, id));
  const child = startChild(['haproxy', '-Ws', '-f', file], join(home, 'haproxy.log'));
  const isUp = () =>
    child.ended() ??
    ask(socket, 'show info').then(
      () => true,
      () => false,
    );
  const found = await waitUntil(isUp, startDeadlineMs);
  if (found !== true) {
    await child.end(endGraceMs);
    throw new Error(`haproxy does not start: ${found}\n${child.lastWords()}`);
  }
  return {
    id,
    basePath: home,
    /** Writes a text, checks it and has it loaded, by shell. */
    reload: async (text) => {
      write(text);
      await run('sh', ['-c', 'haproxy -c -q -f "$1" && kill -USR2 "$2"', 'sh', file, String(child.pid)]);
    },
    /** Writes a text and checks it. */
    check: async (text) => {
      write(text);
      await run('haproxy', ['-c', '-q', '-f', file]);
    },
    ask: (command) => ask(socket, command),
    workers: () => workersOf(id),
    end: () => child.end(endGraceMs),
  };
}

function ask(socket, command) {
  return new Promise((resolve, reject) => {
    let text = '';
    const connection = connect(socket);
    connection.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    connection.on('end', () => resolve(text.trim()));
    connection.on('error', reject);
    connection.end(`${command}\n`);
  });
}
