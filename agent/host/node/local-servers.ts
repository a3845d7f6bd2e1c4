// UNIX sockets of our own, abstract ones included (unix(7)): Node takes a leading NUL as the abstract name space.

import { chmodSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { AgentError, messageOf } from '../../model/errors';
import type { LocalServer, LocalServers } from '../sockets';
import { hasErrno } from './errno';

const defaultAskMs = 1_000;
const longestAnswer = 4 * 1024 * 1024;

/** Makes the real thing. */
export function createNodeLocalServers(): LocalServers {
  return { serve, accept, ask };
}

function serve(path: string, answer: () => string | Promise<string>): Promise<LocalServer> {
  return accept(path, (socket) => void tell(socket, answer));
}

function accept(path: string, take: (socket: Socket) => void): Promise<LocalServer> {
  return new Promise((resolve, reject) => {
    // A client that has said all it has to say still waits for its answer.
    const server = createServer({ allowHalfOpen: true }, take);
    const fail = (cause: unknown): void => {
      const kind = hasErrno(cause, 'EADDRINUSE') ? 'already-exists' : 'unavailable';
      server.close();
      reject(new AgentError(kind, `cannot listen on ${shown(path)}`, { detail: messageOf(cause), cause }));
    };
    server.once('error', fail);
    server.listen({ path }, () => {
      server.on('error', () => undefined);
      // A lock, not a reason to stay alive.
      server.unref();
      const close = (): Promise<void> => new Promise((done) => server.close(() => done()));
      try {
        // In the same turn: nobody can have connected before.
        if (!path.startsWith('\0')) chmodSync(path, 0o600);
        resolve({ close });
      } catch (thrown) {
        fail(thrown);
      }
    });
  });
}

async function tell(socket: Socket, answer: () => string | Promise<string>): Promise<void> {
  socket.on('error', () => undefined);
  try {
    socket.end(await answer());
  } catch {
    socket.destroy();
  }
}

function ask(path: string, timeoutMs = defaultAskMs): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ path, timeout: timeoutMs });
    const end = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      said += chunk;
      if (said.length > longestAnswer) end(said);
    });
    socket.once('end', () => end(said === '' ? undefined : said));
    socket.once('timeout', () => end(said === '' ? undefined : said));
    socket.once('close', () => end(said === '' ? undefined : said));
    socket.once('error', () => end(undefined));
  });
}

function shown(path: string): string {
  return path.startsWith('\0') ? `@${path.slice(1)}` : path;
}
