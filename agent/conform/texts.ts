// Configurations as controllers write them, with ids of our own making, bound to loopback. Pure.
// Sources: contract/octavia-1.0.md "haproxy configuration", "UDP and SCTP listeners"; contract/amphora-v0.1.md "Listeners".

export interface Frontend {
  readonly listener: string;
  readonly pool: string;
  readonly member: string;
  readonly mode: 'http' | 'tcp';
  readonly port: number;
  /** What stands after the address of its bind line. */
  readonly tls?: string;
}

export interface CombinedInput {
  readonly id: string;
  readonly basePath: string;
  readonly frontends: readonly Frontend[];
  readonly connections?: number;
}

// The discard port: nothing has to listen there, nothing is ever sent to it.
const nowhere = '127.0.0.1:9';

/** The configuration of a 1.0 load balancer: its listeners together, the stats socket and the state file named. */
export function combinedText({ id, basePath, frontends, connections = 50 }: CombinedInput): string {
  return `# Configuration for loadbalancer ${id}
global
    daemon
    user nobody
    log /run/rsyslog/octavia/log local0
    log /run/rsyslog/octavia/log local1 notice
    stats socket ${basePath}/${id}.sock mode 0666 level user
    server-state-file ${basePath}/${id}/servers-state
    maxconn ${connections * 2}

defaults
    log global
    retries 3
    option redispatch
    option http-keep-alive

${frontends.map((each) => combinedFrontend(each, connections)).join('\n')}`;
}

function combinedFrontend(
  { listener, pool, member, mode, port, tls = '' }: Frontend,
  connections: number,
): string {
  return `frontend ${listener}
    maxconn ${connections}
    bind 127.0.0.1:${port}${tls}
    mode ${mode}
    default_backend ${pool}:${listener}
    timeout client 50000

backend ${pool}:${listener}
    mode ${mode}
    balance roundrobin
    fullconn ${connections}
    timeout connect 5000
    timeout server 50000
    server ${member} ${nowhere} weight 1
`;
}

/** The configuration of a v0.1 listener, which is one frontend; `morePorts` are bound beside its own. */
export function singleText(frontend: Frontend, morePorts: readonly number[] = []): string {
  const { listener, pool, member, mode, port, tls = '' } = frontend;
  const binds = [port, ...morePorts].map((each) => `    bind 127.0.0.1:${each}${tls}`);
  return `# Configuration for listener ${listener}
global
    daemon
    maxconn 100
defaults
    mode ${mode}
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend ${listener}
${binds.join('\n')}
    default_backend ${pool}
backend ${pool}
    balance roundrobin
    server ${member} ${nowhere} weight 1
`;
}

/** The same with the lines that older controllers send. */
export function withGroupLine(text: string): string {
  return text.replace('    user nobody\n', '    user nobody\n    group nogroup\n');
}

/** The same with a keyword that haproxy does not know. */
export function broken(text: string): string {
  return text.replace('timeout client', 'timeout clinet');
}

/** What keepalived is told of a pair whose other half is not there. No address moves but one of no network (RFC 5737). */
export function vrrpText(name: string, ownAddress: string): string {
  return `vrrp_instance conform {
    state BACKUP
    interface ${name}
    virtual_router_id 251
    priority 90
    nopreempt
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass conform1
    }

    unicast_src_ip ${ownAddress}
    unicast_peer {
        192.0.2.255
    }

    virtual_ipaddress {
        203.0.113.251
    }
}
`;
}

/** The configuration of a UDP listener without members. An empty namespace is none. */
export function udpText(id: string, namespace: string, port: number): string {
  const inside = namespace === '' ? '' : `net_namespace ${namespace}\n\n`;
  return `# Configuration for Loadbalancer ${id}
# Configuration for Listener ${id}

${inside}virtual_server 127.0.0.1 ${port} {
    lb_algo wrr
    lb_kind NAT
    protocol UDP

    # Configuration for Pool ${id}
}
`;
}
