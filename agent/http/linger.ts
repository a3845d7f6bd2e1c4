// A close that does not cut the answer off: our side ends, what the peer still sends is thrown away for a moment, and
// only then the socket goes. Closed with unread bytes, a kernel sends a reset, and the peer may lose what it has not
// read yet. Source: RFC 9112, 9.6; DESIGN "Refusals must arrive".

import type { TLSSocket } from 'node:tls';

/** Milliseconds between our end and the close, when the peer does not end by itself. */
export const lingerMs = 2_000;
export const discardUnverifiedBytes = 64 * 1024;
export const discardVerifiedBytes = 4 * 1024 * 1024;

export interface LingerDeps {
  readonly ending: (socket: TLSSocket) => void;
  readonly isVerified: (socket: TLSSocket) => boolean;
}

/** Makes a connection linger whenever HTTP, or anybody, asks it to close once it has written all (`destroySoon`). */
export function lingerOnClose(socket: TLSSocket, { ending, isVerified }: LingerDeps): void {
  let begun = false;
  socket.destroySoon = () => {
    if (begun) return;
    begun = true;
    ending(socket);
    linger(socket, isVerified(socket) ? discardVerifiedBytes : discardUnverifiedBytes);
  };
}

function linger(socket: TLSSocket, mostBytes: number): void {
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  // Takes the connection from HTTP's parser: what follows must never become a request.
  socket.removeAllListeners('data');
  let left = mostBytes;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    // Back-pressure from here on: a peer that is held up in sending has the time to read.
    if (left <= 0) socket.pause();
  });
  socket.resume();
}
