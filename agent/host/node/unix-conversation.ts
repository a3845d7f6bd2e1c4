// UNIX connections that stay open for many questions. haproxy's CLI in interactive mode ends each answer with a
// prompt; an answer that comes too late must not be taken for the next one's (HAProxy management guide, `prompt`).
// Answers of a megabyte come every few seconds: they are gathered in memory that is used again.

import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { UnixConversation, UnixSockets } from '../sockets';
import { answerTimeout, noAnswer, refuseRequest } from './socket-errors';

const readBytes = 64 * 1024;
const firstBytes = 4 * 1024;

/** Makes what opens them. All read into one buffer: what lies in it is copied before anybody else is read from. */
export function createConverse(): UnixSockets['converse'] {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  return async (path, prompt) => {
    refuseRequest(path, '');
    const incoming: Incoming = { take: () => undefined };
    return conversationOver(await connected(path, buffer, incoming), incoming, path, prompt);
  };
}

interface Incoming {
  take: (bytes: Uint8Array) => void;
}

interface Waiting {
  readonly take: (answer: Buffer) => void;
  readonly reject: (reason: Error) => void;
  readonly deadline: NodeJS.Timeout;
}

function connected(path: string, buffer: Buffer, incoming: Incoming): Promise<Socket> {
  const callback: OnReadOpts['callback'] = (length, bytes) => {
    incoming.take(bytes.subarray(0, length));
    return true;
  };
  return new Promise((resolve, reject) => {
    const socket = connect({ path, onread: { buffer, callback } });
    const fail = (thrown: unknown): void => reject(noAnswer(path, thrown));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function conversationOver(
  socket: Socket,
  incoming: Incoming,
  path: string,
  prompt: string,
): UnixConversation {
  const gathered = createGathering(Buffer.from(prompt));
  let waiting: Waiting | undefined;
  let overdue = false;
  let gone: Error | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const settle = (): Waiting | undefined => {
    const mine = waiting;
    waiting = undefined;
    if (mine !== undefined) clearTimeout(mine.deadline);
    return mine;
  };
  const part = (thrown: unknown): void => {
    gone ??= noAnswer(path, thrown);
    socket.destroy();
    settle()?.reject(gone);
  };
  socket.on('error', part);
  socket.on('close', () => part({ code: 'EPIPE' }));
  incoming.take = (bytes) => {
    const answer = gathered.add(bytes);
    if (answer === undefined) return;
    overdue = false;
    settle()?.take(answer);
  };

  const exchange = <T>(line: string, timeoutMs: number, read: (answer: Buffer) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const refusal = gone ?? (overdue ? answerTimeout(path, timeoutMs) : undefined);
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      const late = (): void => {
        overdue = true;
        settle()?.reject(answerTimeout(path, timeoutMs));
      };
      waiting = {
        take: attempt(read, resolve, reject),
        reject,
        deadline: setTimeout(late, timeoutMs).unref(),
      };
      socket.write(`${line}\n`);
    });
  const inTurn = async <T>(line: string, timeoutMs: number, read: (answer: Buffer) => T): Promise<T> => {
    refuseRequest(path, line);
    const mine = turn.then(() => exchange(line, timeoutMs, read));
    turn = mine.catch(() => undefined);
    return mine;
  };

  return {
    ask: (line, timeoutMs) => inTurn(line, timeoutMs, (answer) => answer.toString('utf8')),
    read: inTurn,
    close: () => part({ code: 'ECONNABORTED' }),
  };
}

/** What `read` throws goes to whoever asked, not to the socket. */
function attempt<T>(
  read: (answer: Buffer) => T,
  resolve: (value: T) => void,
  reject: (reason: unknown) => void,
): (answer: Buffer) => void {
  return (answer) => {
    try {
      resolve(read(answer));
    } catch (thrown) {
      reject(thrown);
    }
  };
}

interface Gathering {
  /** Adds what came; the whole answer, without its end, once that is there. It lasts until the next call. */
  add(bytes: Uint8Array): Buffer | undefined;
}

function createGathering(end: Buffer): Gathering {
  let space = Buffer.allocUnsafeSlow(firstBytes);
  let length = 0;
  return {
    add(bytes) {
      if (length + bytes.length > space.length) {
        const larger = Buffer.allocUnsafeSlow(2 * (length + bytes.length));
        larger.set(space.subarray(0, length));
        space = larger;
      }
      space.set(bytes, length);
      length += bytes.length;
      const from = length - end.length;
      if (from < 0 || !space.subarray(from, length).equals(end)) return undefined;
      length = 0;
      return space.subarray(0, from);
    },
  };
}
