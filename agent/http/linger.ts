// A close that does not cut the answer off: what the peer still sends is thrown away for a moment, and only then the
// socket goes. Closed with unread bytes, a kernel sends a reset, and the peer may lose what it has not read yet. Clients that send all before they read (Python's ssl makes any failed write final) get their answer only
// if all is taken from them: so bytes beyond a connection's own share come out of one that all connections have
// together, which bounds what strangers can make us decrypt. Source: RFC 9112, 9.6; DESIGN "Refusals must arrive".

import type { TLSSocket } from 'node:tls';
import type { Clock } from '../host/clock';

/** Milliseconds between our end and the close, when the peer does not end by itself. */
const lingerMs = 2_000;
const ownUnverifiedBytes = 64 * 1024;
const ownVerifiedBytes = 4 * 1024 * 1024;
const sharedBytesPerSecond = 32 * 1024 * 1024;
const tryAgainMs = 20;

export interface LingerDeps {
  readonly clock: Clock;
  /** Called when the last answer of a connection has been given. */
  readonly ending: (socket: TLSSocket) => void;
  readonly isVerified: (socket: TLSSocket) => boolean;
  /** Tells whether the peer is likely to be sending still. */
  readonly expectsMore: (socket: TLSSocket) => boolean;
}

/** Makes connections linger whenever HTTP, or anybody, asks them to close once all is written (`destroySoon`). */
export function createLinger({
  clock,
  ending,
  isVerified,
  expectsMore,
}: LingerDeps): (socket: TLSSocket) => void {
  const takeShared = createShare(clock);
  return (socket) => {
    let begun = false;
    socket.destroySoon = () => {
      if (begun) return;
      begun = true;
      ending(socket);
      // Once our side has ended, OpenSSL takes whatever the peer still sends for an attack: so it ends only
      // where nothing more is to come.
      if (!expectsMore(socket)) socket.end();
      const ownBytes = isVerified(socket) ? ownVerifiedBytes : ownUnverifiedBytes;
      // Later: HTTP has asked the socket to go on reading, and does it by a listener that the first of ours ends.
      setImmediate(() => {
        if (!socket.destroyed) discard(socket, ownBytes, takeShared);
      });
    };
  };
}

type Take = (bytes: number) => boolean;

function discard(socket: TLSSocket, ownBytes: number, takeShared: Take): void {
  const last = setTimeout(() => socket.destroy(), lingerMs);
  let again: NodeJS.Timeout | undefined;
  socket.once('close', () => {
    clearTimeout(last);
    clearTimeout(again);
  });
  // Takes the connection from HTTP's parser: what follows must never become a request.
  socket.removeAllListeners('data');
  let left = ownBytes;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left >= 0 || takeShared(chunk.length)) return;
    // Back-pressure: a peer that is held up in sending has the time to read.
    socket.pause();
    again = setTimeout(() => socket.resume(), tryAgainMs);
  });
  socket.resume();
}

/** Makes the common share: it grows by the second, up to a second's worth, and is taken until nothing is left. */
function createShare(clock: Clock): Take {
  let left = sharedBytesPerSecond;
  let atMs = clock.monotonic();
  return (bytes) => {
    const nowMs = clock.monotonic();
    left = Math.min(sharedBytesPerSecond, left + ((nowMs - atMs) * sharedBytesPerSecond) / 1_000);
    atMs = nowMs;
    if (left <= 0) return false;
    left -= bytes;
    return true;
  };
}
