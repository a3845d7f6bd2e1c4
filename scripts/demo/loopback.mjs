// Ports and waiting on this machine. Ports are taken from below Linux's ephemeral range (32768 and up): connecting
// there to a port where nobody listens can meet itself, as TCP's simultaneous open, and look like a server.
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const loopback = '127.0.0.1';

const lowestPort = 20_000;
const highestPort = 30_000;
const mostTries = 50;
const pollMs = 5;

/** Finds a TCP port of loopback where nobody listens now. Throws when 50 tries find none. */
export async function freePort() {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const port = randomInt(lowestPort, highestPort);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port on ${loopback} after ${mostTries} tries`);
}

/** Tells whether a connection to a port of loopback is refused. */
export function isRefused(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: loopback, port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error) => (error.code === 'ECONNREFUSED' ? resolve(true) : reject(error)));
  });
}

/** Asks `condition` every 5 ms until it is truthy and resolves with what it gave; undefined when the deadline passes. Rejects once the signal aborts. */
export async function waitUntil(condition, deadlineMs, signal) {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    signal?.throwIfAborted();
    const found = await condition();
    if (found) return found;
    if (performance.now() > deadline) return undefined;
    await sleep(pollMs);
  }
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, loopback, () => server.close(() => resolve(true)));
  });
}
