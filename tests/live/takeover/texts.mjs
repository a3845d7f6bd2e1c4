// What a controller sends in this trial: a port for the VIP, configurations of haproxy and keepalived.

export const vipMac = '02:00:00:00:00:01';
export const vipAddress = '10.1.0.5';
export const ownAddress = '10.1.0.9';
/** The far end of the port: gateway, members and clients are there. */
export const farAddress = '10.1.0.1';

export const vipPort = {
  subnet_cidr: '10.1.0.0/24',
  gateway: farAddress,
  mac_address: vipMac,
  vrrp_ip: ownAddress,
  mtu: 1450,
  host_routes: [],
};

/** A load balancer of one listener; `remark` makes another text of it, and no comment: those take no reload. */
export function haproxyText(base, { id, listener, port, memberPort, remark }) {
  return `# Configuration for loadbalancer ${id}
global
    description ${remark.replaceAll(' ', '-')}
    daemon
    user nobody
    log /run/rsyslog/octavia/log local0
    log /run/rsyslog/octavia/log local1 notice
    stats socket ${base}/${id}.sock mode 0666 level user
    maxconn 2000

defaults
    log global
    retries 3
    option redispatch
    option http-keep-alive

frontend ${listener}
    maxconn 1000
    bind ${vipAddress}:${port}
    mode http
    default_backend pool-of:${listener}
    timeout client 90000

backend pool-of:${listener}
    mode http
    balance roundrobin
    fullconn 1000
    timeout connect 5000
    timeout server 90000
    server member-of-${listener} ${farAddress}:${memberPort} weight 1
`;
}

/** A pair's half, alone on its network. */
export const vrrpText = (base) => `vrrp_script check_script {
    script ${base}/vrrp/check_script.sh
    interval 5
    fall 2
    rise 2
}

vrrp_instance a0b1c2d3e4f5 {
    state MASTER
    interface eth1
    virtual_router_id 1
    priority 100
    nopreempt
    accept
    garp_master_refresh 5
    garp_master_refresh_repeat 2
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 7de12f9
    }

    unicast_src_ip ${ownAddress}
    unicast_peer {
        10.1.0.10
    }

    virtual_ipaddress {
        ${vipAddress}
    }
    track_script {
        check_script
    }
}
`;
