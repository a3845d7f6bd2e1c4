// The one client of all servers under test: node:https with a client certificate and a connection per request.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { loopback } from '../scripts/demo/loopback.mjs';

const answerDeadlineMs = 5_000;

/** Makes a client with the certificates of a directory; `get` resolves with the status and the JSON that came. */
export function createMutualClient(certs) {
  const client = readFileSync(join(certs, 'client.pem'));
  // Made once: reading certificates must not be part of what is measured.
  const secureContext = createSecureContext({
    ca: readFileSync(join(certs, 'ca.pem')),
    cert: client,
    key: client,
  });
  return {
    get: (port, path) =>
      new Promise((resolve, reject) => {
        const sent = request(
          { host: loopback, port, path, agent: false, secureContext, timeout: answerDeadlineMs },
          (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (chunk) => (text += chunk));
            response.on('error', reject);
            response.on('end', () => resolve({ status: response.statusCode, text }));
          },
        );
        sent.on('timeout', () => sent.destroy(new Error(`no answer within ${answerDeadlineMs / 1000} s`)));
        sent.on('error', reject);
        sent.end();
      }),
  };
}
