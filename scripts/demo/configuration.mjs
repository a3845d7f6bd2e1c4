// The haproxy configuration that the demo's controller uploads: one frontend, one pool, members by UUID, as
// contract/amphora-v0.1.md reads them back (backend name = pool, server name = member).
import { checkPath } from './backends.mjs';
import { loopback } from './loopback.mjs';

/** Renders the configuration of a listener. A member is `{uuid, port}`, `tls` a frontend's `{port, certificate}`. */
export function renderConfiguration({ listener, port, pool, members, tls }) {
  const servers = members.map(
    (member) => `    server ${member.uuid} ${loopback}:${member.port} check inter 200ms`,
  );
  // idle-close-on-response: without it the old worker of any reload, a bare SIGUSR2 too, closes kept-alive connections
  // that wait for a request, and a client that is just sending one sees a reset (HAProxy 2.6 manual).
  return `global
    maxconn 1000

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend ${listener}
    bind ${loopback}:${port}
    option idle-close-on-response
    default_backend ${pool}
${tls === undefined ? '' : renderTlsFrontend({ listener, pool, ...tls })}
backend ${pool}
    balance roundrobin
    option httpchk GET ${checkPath}
${servers.join('\n')}
`;
}

function renderTlsFrontend({ listener, pool, port, certificate }) {
  return `
frontend ${listener}-tls
    bind ${loopback}:${port} ssl crt ${certificate}
    option idle-close-on-response
    default_backend ${pool}
`;
}
