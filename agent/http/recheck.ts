// The open connections, and the end of those that nobody wants any more: idle ones at once, the others after their
// current answer, so that no answer is cut. Source: DESIGN "Server identity and connections".

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';

export interface OpenConnections {
  /** Counts a connection from the end of its handshake to its own end. */
  opened(socket: TLSSocket): void;
  /** Wraps a listener, so that requests count from their headers to the end of their answer. */
  counting(listener: RequestListener): RequestListener;
  /** Closes the connections that are unwanted; those in a request after their current answer. Returns how many. */
  closeAfterAnswer(isUnwanted: (socket: TLSSocket) => boolean): number;
}

/** Makes the table of open connections. */
export function createOpenConnections(): OpenConnections {
  const open = new Map<TLSSocket, Set<ServerResponse>>();

  function began({ socket }: IncomingMessage, response: ServerResponse): void {
    const answers = socket instanceof TLSSocket ? open.get(socket) : undefined;
    if (answers === undefined) return;
    answers.add(response);
    response.once('close', () => answers.delete(response));
  }

  return {
    opened(socket) {
      open.set(socket, new Set());
      socket.once('close', () => open.delete(socket));
    },
    counting: (listener) => (request, response) => {
      began(request, response);
      listener(request, response);
    },
    closeAfterAnswer(isUnwanted) {
      const unwanted = [...open].filter(([socket]) => isUnwanted(socket));
      for (const [socket, answers] of unwanted) {
        // Requests of one connection are answered in order: the first open one is the current one.
        const [current] = answers;
        if (current === undefined) socket.destroySoon();
        else endAfter(current, socket);
      }
      return unwanted.length;
    },
  };
}

function endAfter(answer: ServerResponse, socket: TLSSocket): void {
  if (!answer.headersSent) answer.setHeader('Connection', 'close');
  answer.once('close', () => socket.destroySoon());
}
