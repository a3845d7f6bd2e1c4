// Configurations as a controller writes them, for one load balancer of two listeners and for one UDP listener.

/** A combined configuration for a load balancer; `vip` is the last byte of its address. */
export function configuration({ base_path: base }, id, vip, limit = 50) {
  const listeners = [1, 2].map((number) =>
    id.replace(/.$/, `${vip}`).replace(/^5b6f1a52/, `5b6f1a5${number}`),
  );
  return `# Configuration for loadbalancer ${id}
global
    daemon
    user nobody
    log /run/rsyslog/octavia/log local0
    log /run/rsyslog/octavia/log local1 notice
    stats socket ${base}/${id}.sock mode 0666 level user
    server-state-file ${base}/${id}/servers-state
    maxconn ${limit * 2}

defaults
    log global
    retries 3
    option redispatch
    option http-keep-alive

${listeners.map((listener, number) => listenerText(listener, `127.1.250.${vip}`, 8080 + number, limit)).join('\n')}`;
}

function listenerText(listener, vip, port, limit) {
  return `frontend ${listener}
    maxconn ${limit}
    bind ${vip}:${port}
    mode http
    default_backend pool-of:${listener}
    timeout client 50000

backend pool-of:${listener}
    mode http
    balance roundrobin
    fullconn ${limit}
    timeout connect 5000
    timeout server 50000
    server member-of-${listener} 127.0.0.1:9 weight 1
`;
}

/** The same with the lines that older controllers send. */
export const groupLines = (text) => text.replace('    user nobody\n', '    user nobody\n    group nogroup\n');

/** A keepalived configuration for a UDP listener without members. */
export function udpConfiguration(id, namespace) {
  return `# Configuration for Loadbalancer ${id}
# Configuration for Listener ${id}

net_namespace ${namespace}

virtual_server 127.1.250.9 53 {
    lb_algo wrr
    lb_kind NAT
    protocol UDP

    # Configuration for Pool ${id}
}
`;
}
