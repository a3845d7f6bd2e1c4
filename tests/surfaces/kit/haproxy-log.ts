// Haproxy's own word for what each stream carried: a log target that adds up the log-format's %U and %B. They are read
// from the counters that the frontend's bin and bout are fed from (management manual, "show stat"), one line a stream,
// whichever worker served it.

import { createSocket } from 'node:dgram';

// More than a thousand lines wait here while the test is busy.
const bufferBytes = 1 << 20;

export interface HaproxyLog {
  /** The lines that send a frontend's log here. */
  readonly directives: readonly string[];
  /** What haproxy has told so far: lines, and bytes from users (rx) and to them (tx). */
  told(): { readonly lines: number; readonly rx: number; readonly tx: number };
  close(): Promise<void>;
}

/** Starts one on a port of loopback. */
export async function startHaproxyLog(): Promise<HaproxyLog> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: bufferBytes });
  let [lines, rx, tx] = [0, 0, 0];
  socket.on('message', (datagram) => {
    const bytes = /\bbytes (\d+) (\d+)\s*$/.exec(datagram.toString('latin1'));
    if (bytes === null) return;
    lines += 1;
    rx += Number(bytes[1]);
    tx += Number(bytes[2]);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    directives: [`log 127.0.0.1:${socket.address().port} format raw local0 info`, 'log-format "bytes %U %B"'],
    told: () => ({ lines, rx, tx }),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
