// Calls of a controller: HTTPS with its client certificate, the amphora known by its id.
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:tls';

const callMs = 60_000;

/** Calls by one pair of certificates; the amphora's certificate must be of `amphoraId`. */
export function createController({ port, amphoraId, pki }) {
  const tls = {
    ca: pki.ca.certificatePem,
    key: pki.client.keyPem,
    cert: pki.client.certificatePem,
    servername: amphoraId,
  };
  const call = (method, path, body, { timeoutMs = callMs, raw = false } = {}) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path, ...tls, timeout: timeoutMs, agent: false };
      const message = request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => (text += chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const peer = { status: answer.statusCode, text };
          if (raw || answer.statusCode < 300) resolve(peer);
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        });
      });
      message.on('timeout', () =>
        message.destroy(new Error(`${method} ${path}: no answer in ${timeoutMs} ms`)),
      );
      message.on('error', reject);
      if (typeof body === 'object') message.setHeader('content-type', 'application/json');
      message.end(typeof body === 'object' ? JSON.stringify(body) : body);
    });
  return {
    port,
    call,
    /** SHA-256 of the certificate that the agent shows, as pairs of digits with colons. */
    async shown() {
      const socket = connect({ host: '127.0.0.1', port, ...tls });
      try {
        await once(socket, 'secureConnect');
        return socket.getPeerCertificate().fingerprint256;
      } finally {
        socket.destroy();
      }
    },
    info: async (timeoutMs) => JSON.parse((await call('GET', '/1.0/info', undefined, { timeoutMs })).text),
  };
}
