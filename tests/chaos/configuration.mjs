// The configurations that are uploaded. Each has a number, which its haproxy hands to the server behind it and which
// comes back as the answer's text: so every answer tells which version made it.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { loopback } from '../../scripts/demo/loopback.mjs';

const versionHeader = 'x-version';

/** Starts the server behind all listeners: it answers the version that the request came through. */
export async function startEcho() {
  const server = createServer((request, response) => response.end(request.headers[versionHeader] ?? ''));
  // Node closes idle connections after 5 s; haproxy could be sending on one just then.
  server.keepAliveTimeout = 3_600_000;
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, loopback, resolve);
  });
  return {
    port: server.address().port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Renders one version of a listener's configuration. `paddingLines` make it long, so that a torn file would show. */
export function renderVersion({ frontend, number, port, tls, memberPort, paddingLines }) {
  // `check fall 60`: a busy machine must not take the member out.
  const tlsBind = tls === null ? '' : `\n    bind ${loopback}:${tls.port} ssl crt ${tls.certificate}`;
  const padding = Array.from(
    { length: paddingLines },
    (_, line) => `# ${number} padding ${line} ${'.'.repeat(80)}`,
  );
  return `# version ${number}
global
    maxconn 500

defaults
    mode http
    option idle-close-on-response
    timeout connect 10s
    timeout client 60s
    timeout server 30s

${padding.join('\n')}
frontend ${frontend}
    bind ${loopback}:${port}${tlsBind}
    http-request set-header ${versionHeader} ${number}
    default_backend pool-${number}

backend pool-${number}
    server member ${loopback}:${memberPort} check inter 2s fall 60
# end of version ${number}
`;
}

export const badTexts = [
  'frontend nothing\n    bind\n',
  'this is no configuration\n',
  '# a comment alone\n',
  'global\n    lua-load /etc/passwd\n',
  'listen x\n    bind 127.0.0.1:1 ssl crt /etc/shadow\n    mode http\n',
  'global\n    pidfile /etc/cron.d/chaos\n',
];

/** Digest of a text or of bytes, to compare by. */
export function digestOf(content) {
  return createHash('sha256').update(content).digest('hex');
}
