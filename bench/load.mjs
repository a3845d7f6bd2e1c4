// A closed loop of requests over mutual TLS, the same for every server: each connection sends its next request when the
// last is answered. Raw HTTP/1.1 on the socket, because the usual client takes as long as the servers do.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createSecureContext } from 'node:tls';
import { loopback } from '../scripts/demo/loopback.mjs';

const answerDeadlineMs = 10_000;

/** Makes a client with the certificates of a directory. */
export function createLoad(certs) {
  const client = readFileSync(join(certs, 'client.pem'));
  const secureContext = createSecureContext({
    ca: readFileSync(join(certs, 'ca.pem')),
    cert: client,
    key: client,
  });
  return {
    /** Sends requests for `forMs`, or `most` of them; resolves with the milliseconds that each took, its connection included where it is new, and how long all took. */
    run: async ({ port, paths, connections, isPooled, forMs = Infinity, most = Infinity, signal }) => {
      const latencies = [];
      const begin = performance.now();
      let sent = 0;
      const work = async () => {
        const line = createLine({ port, secureContext });
        try {
          while (performance.now() - begin < forMs && sent < most) {
            signal?.throwIfAborted();
            const path = paths[sent % paths.length];
            sent += 1;
            const from = performance.now();
            await line.get(path);
            latencies.push(performance.now() - from);
            if (!isPooled) line.close();
          }
        } finally {
          line.close();
        }
      };
      await Promise.all(Array.from({ length: connections }, work));
      return { latencies, seconds: (performance.now() - begin) / 1_000 };
    },
  };
}

/** A connection that is made when it is needed: the first time, and after an answer that closed it. */
function createLine({ port, secureContext }) {
  let socket;
  const close = () => {
    socket?.destroy();
    socket = undefined;
  };
  return {
    close,
    get: async (path) => {
      socket ??= await open(port, secureContext);
      const answer = await exchange(socket, path);
      if (answer.status !== 200) throw new Error(`${path} is answered with ${answer.status}`);
      if (answer.isLast) close();
    },
  };
}

function open(port, secureContext) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: loopback, port, secureContext, servername: 'localhost' });
    socket.setNoDelay(true);
    socket.once('secureConnect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function exchange(socket, path) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => done(new Error(`${path}: no answer`)), answerDeadlineMs);
    const done = (fault, answer) => {
      clearTimeout(timer);
      socket.removeAllListeners('data').removeAllListeners('error').removeAllListeners('close');
      // What comes later is nobody's.
      socket.on('error', () => undefined);
      if (fault === undefined) resolve(answer);
      else reject(fault);
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      try {
        const answer = answerIn(text);
        if (answer !== undefined) done(undefined, answer);
      } catch (thrown) {
        done(thrown);
      }
    });
    socket.once('error', done);
    socket.once('close', () => done(new Error(`${path}: closed before the answer`)));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  });
}

/** The answer, once all of it is there. */
function answerIn(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length === null) throw new Error(`an answer without length: ${head}`);
  if (text.length < end + 4 + Number(length[1])) return undefined;
  return { status: Number(head.slice(9, 12)), isLast: /\r\nconnection: *close/i.test(head) };
}
