// A client connection that is kept alive, sends one request at a time, and counts the bytes of both ways.

import { connect } from 'node:net';

export interface KeptConnection {
  /** Sends and waits until what came since ends with `end`. */
  request(text: string, end: string): Promise<void>;
  /** Bytes so far. */
  counted(): { readonly sent: number; readonly received: number };
  /** Closes it, or notes that the peer has. */
  close(): Promise<void>;
}

/** Opens one to a loopback port. */
export async function openKept(port: number): Promise<KeptConnection> {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let heard = '';
  let look = (): void => undefined;
  let sent = 0;
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    heard += chunk.toString('latin1');
    look();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return {
    request(text, end) {
      heard = '';
      sent += text.length;
      socket.write(text);
      return new Promise((resolve, reject) => {
        look = () => (heard.endsWith(end) ? resolve() : undefined);
        void closed.then(() => reject(new Error(`closed after ${JSON.stringify(heard)}`)));
      });
    },
    counted: () => ({ sent, received }),
    close() {
      socket.end();
      return closed;
    },
  };
}
