// The controller's side of the amphora API: JSON and text over HTTPS with a client certificate.
// Source: contract/amphora-v0.1.md "Common rules".
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';

// Longer than the 55 s that the agent gives `haproxy -c`.
const answerDeadlineMs = 60_000;

/** Makes a client of one agent, with the certificates that `amphorad certs` puts into a directory; `socketPath` leads to it where its address does not. */
export function createApi({ address, port, socketPath, certs }) {
  const client = readFileSync(join(certs, 'client.pem'));
  const agent = new Agent({
    keepAlive: true,
    ca: readFileSync(join(certs, 'ca.pem')),
    cert: client,
    key: client,
    servername: 'localhost',
  });
  return {
    /** Makes one call; resolves with status, headers, text and, where the text is JSON, body. Rejects when nothing answers. */
    call: (method, path, { body, type, signal } = {}) =>
      new Promise((resolve, reject) => {
        const where = socketPath === undefined ? { host: address, port } : { socketPath };
        const headers = type === undefined ? {} : { 'Content-Type': type };
        const sent = request({ ...where, agent, method, path, headers, signal, timeout: answerDeadlineMs });
        sent.on('response', (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks).toString('utf8'))));
        });
        sent.on('timeout', () => sent.destroy(new Error(`no answer within ${answerDeadlineMs / 1000} s`)));
        sent.on('error', (cause) =>
          reject(
            signal?.aborted
              ? signal.reason
              : new Error(`${method} ${path}: ${cause.code ?? cause.message}`, { cause }),
          ),
        );
        sent.end(body);
      }),
    /** Closes its connections. */
    close: () => agent.destroy(),
  };
}

function answerOf(response, text) {
  const isJson = /^application\/json\b/.test(response.headers['content-type'] ?? '');
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}
