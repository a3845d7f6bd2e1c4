// Requests of one connection are answered one after the other: a client that pipelines an upload and a start means
// them in that order. Source: RFC 9112, 9.3.2.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Makes the queue; what it knows of a connection goes with that connection. Resolves when the requests before are answered. */
export function createInOrder(): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const tails = new WeakMap<Socket, Promise<void>>();
  return async (request, response) => {
    const before = tails.get(request.socket);
    const answered = new Promise<void>((resolve) => response.once('close', () => resolve()));
    tails.set(request.socket, before === undefined ? answered : before.then(() => answered));
    await before;
  };
}
