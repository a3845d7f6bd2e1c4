// One TLS connection of a client that is kept open, request after request, and can be resumed.

import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { TestAgent } from './agent';

export interface Connection {
  readonly socket: TLSSocket;
  /** Sends bytes; resolves with what came back once it holds a whole answer. */
  ask(text: string): Promise<string>;
  /** Resolves when the server has closed it. */
  readonly closed: Promise<void>;
  /** The last session ticket, for resumption. */
  session(): Buffer | undefined;
}

export const getInfo = 'GET /info HTTP/1.1\r\nHost: x\r\n\r\n';

/** Opens a connection with a certificate, its chain included. */
export async function openConnection(
  amphora: TestAgent,
  identity: { readonly keyPem: string; readonly bundlePem: string },
  options: ConnectionOptions = {},
): Promise<Connection> {
  const socket = connect({
    host: '127.0.0.1',
    port: amphora.agent.port,
    ca: amphora.pki.ca.certificatePem,
    key: identity.keyPem,
    cert: identity.bundlePem.slice(identity.bundlePem.indexOf('-----BEGIN CERT')),
    ...options,
  });
  let received = '';
  let session = options.session;
  socket.on('session', (ticket: Buffer) => (session = ticket));
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  // A reset is an end too.
  socket.on('error', () => undefined);
  return {
    socket,
    closed,
    session: () => session,
    async ask(text) {
      received = '';
      const answered = new Promise<void>((resolve) =>
        socket.on('data', () => {
          if (isWhole(received)) resolve();
        }),
      );
      socket.write(text);
      await Promise.race([answered, closed]);
      return received;
    },
  };
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}
