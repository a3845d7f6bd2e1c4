// What never becomes a request: bytes that are no HTTP, headers too long, CONNECT. A verified client is told in JSON;
// others get no answer at all. Source: contract/amphora-v0.1.md "Common rules".

import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** Ends a connection whose bytes could not be read as a request. `code` is Node's own. */
export function endMalformed(socket: Duplex, code: string | undefined): void {
  if (code === 'HPE_HEADER_OVERFLOW') endWith(socket, 431, 'Request Header Fields Too Large');
  else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') endWith(socket, 408, 'Request Timeout');
  else endWith(socket, 400, 'Bad Request');
}

/** Ends a connection that asked to be a tunnel. */
export function endConnect(socket: Duplex): void {
  endWith(socket, 405, 'Method Not Allowed', 'Allow: GET, HEAD, PUT, POST, DELETE\r\n');
}

function endWith(socket: Duplex, status: number, reason: string, headers = ''): void {
  if (!(socket instanceof TLSSocket) || !socket.authorized || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ message: reason });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${headers}Connection: close\r\n\r\n${body}`,
  );
}
