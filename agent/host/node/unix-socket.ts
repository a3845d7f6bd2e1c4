// One request and its answer over a UNIX stream socket, as haproxy's CLI speaks it: a line, our half closed,
// then all that comes until the peer closes (HAProxy management guide, Unix Socket commands).

import { connect } from 'node:net';
import type { UnixRequest, UnixSockets } from '../sockets';
import { answerTimeout, answerTooLong, noAnswer, refuseRequest } from './socket-errors';
import { createConverse } from './unix-conversation';

const defaultMaxBytes = 64 * 1024 * 1024;

/** Makes the real UNIX sockets. */
export function createNodeUnixSockets(): UnixSockets {
  return {
    async request(path, line, options) {
      refuseRequest(path, line);
      return exchange(path, line, options);
    },
    converse: createConverse(),
  };
}

function exchange(path: string, line: string, options: UnixRequest): Promise<string> {
  const { timeoutMs, maxBytes = defaultMaxBytes, payload = '' } = options;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let sent = false;
    const socket = connect({ path });
    const fail = (reason: Error): void => {
      clearTimeout(deadline);
      socket.destroy();
      reject(reason);
    };
    const deadline = setTimeout(() => fail(answerTimeout(path, timeoutMs)), timeoutMs).unref();

    socket.on('error', (thrown) => fail(noAnswer(path, thrown)));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) fail(answerTooLong(path, maxBytes));
    });
    socket.on('end', () => {
      // Closed before it took the request: an empty answer would read like a command that says nothing.
      if (!sent && bytes === 0) {
        fail(noAnswer(path, { code: 'EPIPE' }));
        return;
      }
      clearTimeout(deadline);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    socket.write(`${line}\n${payload}`, () => {
      sent = true;
    });
    socket.end();
  });
}
