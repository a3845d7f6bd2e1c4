// Bytes as they are over TLS, and all that comes back until the server closes.

import { connect } from 'node:tls';
import type { TestAgent } from './agent';
import type { Issued } from './pki';

const deadlineMs = 10_000;

/** Sends `text` with a client certificate or without; resolves with what came back. */
export function sendRaw(amphora: TestAgent, text: string, identity: Issued | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: amphora.agent.port,
      ca: amphora.pki.ca.certificatePem,
      ...(identity === undefined ? {} : { key: identity.keyPem, cert: identity.certificatePem }),
    });
    let received = '';
    const late = setTimeout(
      () => socket.destroy(new Error(`no end within ${deadlineMs} ms: ${received}`)),
      deadlineMs,
    );
    let failure: Error | undefined;
    socket.once('secureConnect', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A reset is an end too.
      if (error.code === undefined) failure = error;
    });
    socket.once('close', () => {
      clearTimeout(late);
      if (failure === undefined) resolve(received);
      else reject(failure);
    });
  });
}
