// One request of a controller over mTLS, a connection each: the real agent closes after every answer anyway.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

const answerDeadlineMs = 60_000;
const headersThatMatter = ['content-type', 'etag', 'allow', 'location'];

export const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

/** Makes a function that sends a step to the target and resolves with status, headers that matter and body. */
export function createController({ certs, host, port, amphora_id: amphoraId }) {
  const client = readFileSync(join(certs, 'client.pem'));
  const tls = { ca: readFileSync(join(certs, 'ca.pem')), cert: client, key: client, servername: amphoraId };
  return ({ method, path, body, headers = {} }) =>
    new Promise((resolve, reject) => {
      const sized =
        headers['Transfer-Encoding'] || (body === undefined && method !== 'PUT')
          ? {}
          : { 'Content-Length': Buffer.byteLength(body ?? '') };
      const sent = request(
        {
          host,
          port,
          path,
          method,
          agent: false,
          timeout: answerDeadlineMs,
          ...tls,
          headers: { ...sized, ...headers },
        },
        (response) => {
          const parts = [];
          response.on('data', (part) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => resolve(answerOf(response, Buffer.concat(parts))));
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${answerDeadlineMs / 1000} s`)));
      sent.on('error', reject);
      sent.end(body);
    });
}

function answerOf({ statusCode, headers }, bytes) {
  const told = headersThatMatter.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]]],
  );
  return { status: statusCode, headers: Object.fromEntries(told), bytes };
}
