// One request and its answer over a UNIX or TCP stream socket, every way it can fail told apart. A name is looked up
// within the deadline too (Node's net.connect, option `family`).

import { connect, type Socket } from 'node:net';
import { invalidInput } from '../../model/errors';
import type { Exchanged, StreamAddress, StreamSockets, UnixRequestOptions } from '../sockets';
import { errnoOf } from './errno';

const defaultMaxBytes = 64 * 1024 * 1024;

/** Makes the real stream sockets. */
export function createNodeStreamSockets(): StreamSockets {
  return {
    async exchange(at, line, options) {
      refuseLine(line);
      return exchange(at, line, options);
    },
  };
}

/** Refuses a command of more than one line, without repeating it. */
export function refuseLine(line: string): void {
  if (/[\n\r\0]/.test(line))
    throw invalidInput('Invalid request', 'a socket command is one line without NUL');
}

function exchange(at: StreamAddress, line: string, options: UnixRequestOptions): Promise<Exchanged> {
  const { timeoutMs, maxBytes = defaultMaxBytes } = options;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isConnected = false;
    const socket = open(at);
    const settle = (outcome: Exchanged): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(outcome);
    };
    const deadline = setTimeout(
      () => settle({ ok: false, why: 'late', while: isConnected ? 'waiting' : 'connecting' }),
      timeoutMs,
    ).unref();
    socket.on('error', (thrown) =>
      settle({ ok: false, why: 'failed', errno: errnoOf(thrown) ?? 'unknown error' }),
    );
    socket.on('connect', () => {
      isConnected = true;
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) settle({ ok: false, why: 'too long' });
    });
    socket.on('end', () => settle({ ok: true, answer: Buffer.concat(chunks).toString('utf8') }));
    socket.end(`${line}\n`);
  });
}

function open(at: StreamAddress): Socket {
  if (at.type === 'unix') return connect({ path: at.path });
  return connect({ host: at.host, port: at.port, family: at.type === 'tcp4' ? 4 : 6 });
}
