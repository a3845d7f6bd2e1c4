// Bytes as they are over TLS, and all that comes back until the server closes.

import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { eventually } from '../../fakes/eventually';
import type { TestAgent } from './agent';
import type { Issued } from './pki';

const deadlineMs = 10_000;

export interface RawConnection {
  readonly socket: TLSSocket;
  write(text: string): void;
  /** Ends it with a TCP reset. */
  reset(): void;
  /** What came back so far. */
  received(): string;
  /** Waits until what came back matches. */
  until(pattern: RegExp): Promise<void>;
  /** All that came back, once the server has closed; a reset is an end too. */
  readonly ended: Promise<string>;
}

/** Opens a connection with a client certificate or without; resolves when its handshake is done. */
export async function openRaw(
  amphora: Pick<TestAgent, 'pki'> & { readonly agent: { readonly port: number } },
  identity: Issued | undefined,
): Promise<RawConnection> {
  const tcp = connectTcp(amphora.agent.port, '127.0.0.1');
  const socket = connect({
    socket: tcp,
    ca: amphora.pki.ca.certificatePem,
    ...(identity === undefined ? {} : { key: identity.keyPem, cert: identity.certificatePem }),
  });
  let received = '';
  let failure: Error | undefined;
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === undefined) failure = error;
  });
  const ended = new Promise<string>((resolve, reject) => {
    socket.once('close', () => {
      if (failure === undefined) resolve(received);
      else reject(failure);
    });
  });
  ended.catch(() => undefined);
  await Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), ended]);
  return {
    socket,
    write: (text) => socket.write(text, 'latin1'),
    reset: () => tcp.resetAndDestroy(),
    received: () => received,
    until: (pattern) =>
      eventually(() => {
        if (!pattern.test(received)) throw new Error(`not yet ${pattern.source}: ${received}`);
      }),
    ended,
  };
}

/** Sends `text` with a client certificate or without; resolves with what came back. */
export async function sendRaw(
  amphora: TestAgent,
  text: string,
  identity: Issued | undefined,
): Promise<string> {
  const raw = await openRaw(amphora, identity);
  const late = setTimeout(
    () => raw.socket.destroy(new Error(`no end within ${deadlineMs} ms: ${raw.received()}`)),
    deadlineMs,
  );
  raw.write(text);
  try {
    return await raw.ended;
  } finally {
    clearTimeout(late);
  }
}
