// A UNIX connection that stays open for many questions. haproxy's CLI in interactive mode ends each answer with a
// prompt; an answer that comes too late must not be taken for the next one's (HAProxy management guide, `prompt`).

import { connect, type Socket } from 'node:net';
import type { UnixConversation } from '../sockets';
import { answerTimeout, noAnswer, refuseRequest } from './socket-errors';

interface Waiting {
  readonly resolve: (answer: string) => void;
  readonly reject: (reason: Error) => void;
  readonly deadline: NodeJS.Timeout;
}

/** Opens one. */
export async function converse(path: string, prompt: string): Promise<UnixConversation> {
  refuseRequest(path, '');
  return conversationOver(await connected(path), path, prompt);
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const fail = (thrown: unknown): void => reject(noAnswer(path, thrown));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function conversationOver(socket: Socket, path: string, prompt: string): UnixConversation {
  const end = Buffer.from(prompt);
  let chunks: Buffer[] = [];
  let waiting: Waiting | undefined;
  let overdue = false;
  let gone: Error | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const part = (thrown: unknown): void => {
    gone ??= noAnswer(path, thrown);
    socket.destroy();
    settle()?.reject(gone);
  };
  const settle = (): Waiting | undefined => {
    const mine = waiting;
    waiting = undefined;
    if (mine !== undefined) clearTimeout(mine.deadline);
    return mine;
  };
  socket.on('error', part);
  socket.on('close', () => part({ code: 'EPIPE' }));
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    if (!endsWith(chunks, end)) return;
    const answer = Buffer.concat(chunks);
    chunks = [];
    overdue = false;
    settle()?.resolve(answer.toString('utf8', 0, answer.length - end.length));
  });

  const exchange = (line: string, timeoutMs: number): Promise<string> =>
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
      waiting = { resolve, reject, deadline: setTimeout(late, timeoutMs).unref() };
      socket.write(`${line}\n`);
    });

  return {
    ask: async (line, timeoutMs) => {
      refuseRequest(path, line);
      const mine = turn.then(() => exchange(line, timeoutMs));
      turn = mine.catch(() => undefined);
      return mine;
    },
    close: () => part({ code: 'ECONNABORTED' }),
  };
}

/** The last bytes may lie in several chunks. */
function endsWith(chunks: Buffer[], end: Buffer): boolean {
  const last = chunks.at(-1);
  if (last === undefined || last.length >= end.length || chunks.length === 1) {
    return last?.subarray(-end.length).equals(end) ?? false;
  }
  const joined = Buffer.concat(chunks);
  chunks.splice(0, chunks.length, joined);
  return joined.subarray(-end.length).equals(end);
}
