// The part of the session that is about ports and VRRP. The comparison runs in a network namespace of its own, so that
// ports for both agents can be made there.
import { execFileSync, spawnSync } from 'node:child_process';
import { call } from './calls.mjs';

const vipMac = '02:00:00:00:00:01';
const memberMac = '02:00:00:00:00:02';
const jsonType = { 'Content-Type': 'application/json' };
const vip = {
  subnet_cidr: '10.1.0.0/24',
  gateway: '10.1.0.1',
  mac_address: vipMac,
  vrrp_ip: '10.1.0.9',
  mtu: 1450,
  host_routes: [{ destination: '192.0.2.0/24', nexthop: '10.1.0.254' }],
  additional_vips: [
    {
      ip_address: '2001:db8:1::5',
      subnet_cidr: '2001:db8:1::/64',
      gateway: '2001:db8:1::1',
      host_routes: [],
    },
  ],
};
const network = {
  mac_address: memberMac,
  fixed_ips: [{ ip_address: '10.2.0.9', subnet_cidr: '10.2.0.0/24', gateway: '10.2.0.1', host_routes: [] }],
  mtu: 1400,
};
const rule = { protocol: 'TCP', cidr: '10.1.0.0/24', port: 80 };

const sending = (body, headers = jsonType) => ({
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers,
});
const without = (value, name) => Object.fromEntries(Object.entries(value).filter(([each]) => each !== name));

/** Makes a port for an agent, as a hypervisor does; one that the agent before it had goes with that one's namespace. */
function makePort(name, mac) {
  const far = `far-${name}`;
  spawnSync('ip', ['link', 'del', far], { stdio: 'ignore' });
  execFileSync('ip', ['link', 'add', name, 'address', mac, 'type', 'veth', 'peer', 'name', far]);
  execFileSync('ip', ['link', 'set', far, 'up']);
}

function refusedPlugs() {
  const vipPath = '/plug/vip/10.1.0.5';
  const both = [
    ['VIP', vipPath, vip, ['subnet_cidr', 'gateway', 'mac_address']],
    ['network', '/plug/network', network, ['mac_address']],
  ];
  const common = both.flatMap(([what, path, body, required]) => [
    call(`plug ${what}, no JSON`, 'POST', path, sending('{')),
    call(`plug ${what}, nothing`, 'POST', path, sending('')),
    call(`plug ${what}, another type`, 'POST', path, sending(body, { 'Content-Type': 'text/plain' })),
    ...required.map((name) => call(`plug ${what}, no ${name}`, 'POST', path, sending(without(body, name)))),
    call(`plug ${what}, no such port`, 'POST', path, sending({ ...body, mac_address: '02:00:00:00:00:99' })),
    call(`plug ${what}, GET`, 'GET', path),
    call(`plug ${what}, OPTIONS`, 'OPTIONS', path),
    call(`plug ${what}, trailing slash`, 'POST', `${path}/`, sending(body)),
  ]);
  return [
    ...common,
    call('plug VIP, no array', 'POST', vipPath, sending([vip])),
    call('plug VIP, no address', 'POST', '/plug/vip/300.1.0.5', sending(vip)),
    call('plug VIP, no subnet', 'POST', vipPath, sending({ ...vip, subnet_cidr: '10.1.0.0/99' })),
    call('plug VIP, no own address', 'POST', vipPath, sending({ ...vip, vrrp_ip: '10.1.0.900' })),
    call('plug VIP, malformed mtu', 'POST', vipPath, sending({ ...vip, mtu: 'big' })),
    call('plug VIP, malformed host_routes', 'POST', vipPath, sending({ ...vip, host_routes: [{}] })),
    call('plug VIP, malformed additional_vips', 'POST', vipPath, sending({ ...vip, additional_vips: [{}] })),
    call(
      'plug network, malformed fixed_ips',
      'POST',
      '/plug/network',
      sending({ ...network, fixed_ips: [{}] }),
    ),
  ];
}

function plugs() {
  return [
    call('plug VIP', 'POST', '/plug/vip/10.1.0.5', {
      ...sending(vip),
      prepare: () => makePort('tap-vip', vipMac),
    }),
    call('plug VIP again', 'POST', '/plug/vip/10.1.0.5', sending(vip)),
    call('plug network', 'POST', '/plug/network', {
      ...sending(network),
      prepare: () => makePort('tap-member', memberMac),
    }),
    call('plug network again', 'POST', '/plug/network', sending(network)),
    call('plug network, no address', 'POST', '/plug/network', {
      ...sending({ ...network, fixed_ips: [{ ...network.fixed_ips[0], ip_address: '10.2.0.900' }] }),
    }),
    ...['10.1.0.5', '10.1.0.9', '2001:db8:1::5', '2001:db8:1:0::5', '10.2.0.9', '10.2.0.10'].map((ip) =>
      call(`interface of ${ip}`, 'GET', `/interface/${ip}`),
    ),
    call('details of plugged ports', 'GET', '/details'),
    call('interface rules', 'PUT', '/interface/10.1.0.5/rules', sending([rule])),
    call('interface rules, malformed', 'PUT', '/interface/10.1.0.5/rules', sending([{}])),
    call('interface rules of nobody', 'PUT', '/interface/10.1.0.77/rules', sending([rule])),
  ];
}

const instance = (script) => `vrrp_script check_script {
    script ${script}
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

    unicast_src_ip 10.1.0.9
    unicast_peer {
        10.1.0.10
    }

    virtual_ipaddress {
        10.1.0.5
    }
    track_script {
        check_script
    }
}
`;

function vrrp({ base_path: base }) {
  const text = instance(`${base}/vrrp/check_script.sh`);
  const act = (name, action) => call(`VRRP ${name}`, 'PUT', `/vrrp/${action}`);
  return [
    act('unknown action', 'jump'),
    ...['start', 'stop', 'reload'].map((action) => act(`${action} before the first upload`, action)),
    call('VRRP upload', 'PUT', '/vrrp/upload', { body: text }),
    call('VRRP upload, JSON type', 'PUT', '/vrrp/upload', { body: text, headers: jsonType }),
    call('VRRP upload, POST', 'POST', '/vrrp/upload', { body: text }),
    call('VRRP upload, GET', 'GET', '/vrrp/upload'),
    call('bad VRRP upload, nothing', 'PUT', '/vrrp/upload', { body: '' }),
    call('bad VRRP upload, nonsense', 'PUT', '/vrrp/upload', { body: 'nonsense {\n' }),
    call('bad VRRP upload, outside the policy', 'PUT', '/vrrp/upload', { body: `include /etc/x\n${text}` }),
    call('VRRP upload again', 'PUT', '/vrrp/upload', { body: text }),
    act('reload of what is stopped', 'reload'),
    act('start', 'start'),
    act('start of what runs', 'start'),
    act('reload', 'reload'),
    act('reload, capital letters', 'RELOAD'),
    act('stop', 'stop'),
    act('stop of what is stopped', 'stop'),
    act('start, trailing slash', 'start/'),
    call('VRRP action, GET', 'GET', '/vrrp/start'),
    call('VRRP action, OPTIONS', 'OPTIONS', '/vrrp/start'),
  ];
}

/** The steps for a target. */
export const networkSession = (target) => [...refusedPlugs(), ...plugs(), ...vrrp(target)];
