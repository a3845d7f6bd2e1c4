// UNIX sockets of our own, abstract ones included (unix(7)): Node takes a leading NUL as the abstract name space.

import { connect, createServer } from 'node:net';
import { AgentError } from '../../model/errors';
import type { LocalServer, LocalServers } from '../sockets';
import { hasErrno } from './errno';

const askMs = 1_000;

/** Makes the real thing. */
export function createNodeLocalServers(): LocalServers {
  return { serve, ask };
}

function serve(path: string, answer: () => string): Promise<LocalServer> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(answer());
    });
    server.once('error', (cause) => {
      const kind = hasErrno(cause, 'EADDRINUSE') ? 'already-exists' : 'unavailable';
      reject(new AgentError(kind, `cannot listen on ${shown(path)}`, { detail: cause.message, cause }));
    });
    server.listen({ path }, () => {
      server.on('error', () => undefined);
      // A lock, not a reason to stay alive.
      server.unref();
      resolve({ close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ path, timeout: askMs });
    const end = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (said += chunk));
    socket.once('end', () => end(said));
    socket.once('timeout', () => end(said === '' ? undefined : said));
    socket.once('error', () => end(undefined));
  });
}

function shown(path: string): string {
  return path.startsWith('\0') ? `@${path.slice(1)}` : path;
}
