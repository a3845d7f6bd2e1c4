// The life of one connection, from the accept to its last answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isUnderWay, type Standing } from './victim';

export interface Connection {
  /** Undefined until the handshake is done. */
  readonly socket: TLSSocket | undefined;
  readonly verified: boolean;
  /** A request has begun and is not answered yet. */
  readonly inRequest: boolean;
}

/** Called with the answer owed to a request that will never arrive whole, if there is one. */
export type WhenAnswered = (owed: ServerResponse | undefined) => void;

/** A connection as the table keeps it. */
export interface Entry extends Standing {
  readonly raw: Socket;
  /** Between a TLS socket and the one below it there is no link but the peer's address. */
  readonly peer: string;
  /** Fingerprint of its certificate, when it has shown one. */
  client: string | undefined;
  /** Its bytes can no longer be read as requests. */
  unreadable: boolean;
  /** Its last answer has been given. */
  ending: boolean;
  closeWanted: boolean;
  whenAnswered: WhenAnswered | undefined;
}

/** Makes the entry of a connection that has just been accepted. */
export function newEntry(raw: Socket, nowMs: number): Entry {
  return {
    raw,
    peer: peerOf(raw),
    socket: undefined,
    client: undefined,
    verified: false,
    unreadable: false,
    ending: false,
    closeWanted: false,
    sinceMs: nowMs,
    answers: new Set(),
    receiving: undefined,
    whenAnswered: undefined,
  };
}

/** Names the far end of a socket. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Describes an entry to others. */
export function viewOf({ socket, verified, answers }: Entry): Connection {
  return { socket, verified, inRequest: answers.size > 0 };
}

/** Notes the begin of a request, its body's and its answer's end. */
export function beginRequest(
  entry: Entry,
  request: IncomingMessage,
  response: ServerResponse,
  now: () => number,
): void {
  entry.answers.add(response);
  entry.receiving = { request, answer: response, sinceMs: now(), bytes: request.socket.bytesRead };
  response.once('close', () => {
    if (entry.receiving?.answer === response) entry.receiving = undefined;
    entry.answers.delete(response);
    entry.sinceMs = now();
    settle(entry);
  });
}

/** Does what waits for the answers, if they are all given. */
export function settle(entry: Entry): void {
  const { answers, receiving, whenAnswered, socket } = entry;
  const owed = isUnderWay(receiving) ? receiving.answer : undefined;
  if (answers.size > (owed === undefined ? 0 : 1)) return;
  entry.whenAnswered = undefined;
  if (!entry.ending) whenAnswered?.(owed);
  if (answers.size === 0 && entry.closeWanted) socket?.destroySoon();
}

/** Closes a connection: after its current answer, or at once when it is idle. */
export function closeWhenAnswered(entry: Entry): void {
  const { socket, raw, answers, ending } = entry;
  entry.closeWanted = true;
  if (answers.size > 0) {
    for (const answer of answers) if (!answer.headersSent) answer.setHeader('Connection', 'close');
  } else if (socket === undefined) {
    raw.destroy();
  } else if (!ending) {
    // Nothing is under way, so there is nothing to linger for: the peer is told, and that is all.
    socket.end(() => socket.destroy());
  }
}
