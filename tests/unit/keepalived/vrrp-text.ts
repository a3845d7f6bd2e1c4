// A configuration as Octavia's template renders it for one amphora of a pair.

/** Renders it; `changes` replace what stands there. */
export function vrrpUpload(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`there is no ${from}`);
    return text.replace(from, to);
  }, template);
}

const template = `vrrp_script check_script {
    script /var/lib/octavia/vrrp/check_script.sh
    interval 5
    fall 2
    rise 2
}

vrrp_instance a0b1c2d3e4f5 {
    state BACKUP
    interface eth1
    virtual_router_id 1
    priority 90
    nopreempt
    accept
    garp_master_refresh 5
    garp_master_refresh_repeat 2
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 7de12f9
    }

    unicast_src_ip 10.0.0.12
    unicast_peer {
        10.0.0.11
    }

    virtual_ipaddress {
        10.0.0.5
    }

    virtual_ipaddress_excluded {
        2001:db8::5
    }

    virtual_routes {
        10.0.0.0/24 dev eth1 src 10.0.0.5 scope link table 1
        default via 10.0.0.1 dev eth1 onlink table 1
        192.168.7.0/24 dev eth1 gateway 10.0.0.9 onlink table 1
    }

    virtual_rules {
        from 10.0.0.5/32 table 1 priority 100
        from 2001:db8::5/128 table 1 priority 100
    }

    track_script {
        check_script
    }
}`;
