// The baseline: node:https with verified client certificates and one JSON answer, nothing else.
// Started as: node bare-https.mjs CERTS PORT
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';

const [certs, port] = process.argv.slice(2);
const server = readFileSync(join(certs, 'server.pem'));
const answer = JSON.stringify({
  hostname: 'bare',
  uuid: 'bare',
  haproxy_version: 'none',
  api_version: '0.1',
});

createServer(
  {
    key: server,
    cert: server,
    ca: readFileSync(join(certs, 'ca.pem')),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  },
  (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(answer);
  },
).listen(Number(port), '127.0.0.1');
