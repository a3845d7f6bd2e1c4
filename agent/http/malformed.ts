// What never becomes a request: bytes that are no HTTP, headers too long, requests too slow, CONNECT. A verified client
// is told in JSON, after the answers that it still has to get; others get no answer at all.
// Source: contract/amphora-v0.1.md "Common rules", RFC 9112, 9.3.2.

import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Connections } from './connections';

/** Ends a connection whose bytes could not be read as a request. `code` is Node's own. */
export function endMalformed(socket: Duplex, code: string | undefined, connections: Connections): void {
  if (code === 'HPE_HEADER_OVERFLOW') endWith(socket, connections, 431, 'Request Header Fields Too Large');
  else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') endWith(socket, connections, 408, 'Request Timeout');
  else if (code?.startsWith('HPE_') === true) endWith(socket, connections, 400, 'Bad Request');
  // The connection itself has failed.
  else socket.destroy();
}

/** Ends a connection that asked to be a tunnel. */
export function endConnect(socket: Duplex, connections: Connections): void {
  endWith(socket, connections, 405, 'Method Not Allowed', 'Allow: GET, HEAD, PUT, POST, DELETE\r\n');
}

function endWith(
  socket: Duplex,
  connections: Connections,
  status: number,
  reason: string,
  headers = '',
): void {
  if (!(socket instanceof TLSSocket) || !socket.authorized || !socket.writable) {
    socket.destroy();
    return;
  }
  if (connections.isEnding(socket)) return;
  // Nothing that follows can be read as a request any more.
  socket.pause();
  connections.unreadable(socket, (owed) => {
    if (owed?.headersSent !== true && socket.writable) {
      const body = JSON.stringify({ message: reason });
      socket.write(
        `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${headers}Connection: close\r\n\r\n${body}`,
      );
    }
    socket.destroySoon();
  });
}
