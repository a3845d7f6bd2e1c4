// Bodies of plugs, interface rules, topologies and VRRP configurations gone astray. None may become a pair: the subject
// has no namespace, so keepalived would put addresses on this machine. So no topology has the secret that a pair needs,
// and every configuration ends in a line that the policy refuses.
import { hostileValue } from './json-text.mjs';
import { mutateBytes, mutateLines } from './mutate.mjs';

const routes = [{ destination: '192.0.2.0/24', nexthop: '10.0.0.9' }];
const subnet = { subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1', host_routes: routes };
const vip = {
  ...subnet,
  mac_address: 'fa:16:3e:00:00:01',
  mtu: 1450,
  vrrp_ip: '10.0.0.9',
  additional_vips: [{ ip_address: '2001:db8::5', subnet_cidr: '2001:db8::/64', gateway: '2001:db8::1' }],
  is_sriov: false,
};

const good = {
  vip,
  network: {
    mac_address: vip.mac_address,
    fixed_ips: [{ ip_address: '10.0.0.8', ...subnet }],
    mtu: 1450,
    vip_net_info: { ...vip, vip: '10.0.0.5' },
  },
  rules: [
    { protocol: 'TCP', cidr: '10.0.0.0/24', port: 80 },
    { protocol: 'vrrp', cidr: null, port: 112 },
  ],
  topology: {
    topology: 'ACTIVE-STANDBY',
    role: 'ACTIVE',
    ha_ip: ' 192.0.2.7',
    virtual_router_id: 7,
    priority: 100,
    advert_interval: 1,
    peers: ['192.0.2.8'],
    interface: 'eth0',
  },
};

/** The kinds of bodies that there are. */
export const networkKinds = Object.keys(good);

/** Makes a body with one to three members replaced, removed or added, as bytes; now and then damaged ones. */
export function hostileNetwork(random, kind) {
  let text = JSON.stringify(good[kind]);
  for (let left = random.below(4); left > 0; left -= 1)
    text = JSON.stringify(astray(random, JSON.parse(text)));
  // Members hold their place until the end: what no JSON.stringify writes comes in by its name.
  const bytes = Buffer.from(text.replaceAll(/"@hostile"/g, () => hostileValue(random)));
  return random.oneIn(8) ? mutateBytes(bytes, random) : bytes;
}

function astray(random, value) {
  if (value === null || typeof value !== 'object' || random.oneIn(6)) return '@hostile';
  const names = Object.keys(value);
  const name = random.pick(names);
  if (name === undefined) return '@hostile';
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (!random.oneIn(4)) copy[name] = astray(random, value[name]);
  else if (Array.isArray(copy)) copy.push(...copy);
  else delete copy[name];
  return copy;
}

const instance = `vrrp_script check_script {
    script /var/lib/octavia/vrrp/check_script.sh
    interval 5
}
vrrp_instance a {
    state MASTER
    interface eth1
    virtual_router_id 1
    priority 100
    authentication {
        auth_type PASS
        auth_pass 7de12f9
    }
    unicast_peer {
        10.0.0.12
    }
    virtual_ipaddress {
        10.0.0.5
    }
    track_script {
        check_script
    }
}`;

/** Makes a configuration of a pair that is never right, as bytes. */
export function hostileVrrp(random) {
  let text = instance;
  for (let left = random.below(5); left > 0; left -= 1) text = mutateLines(text, random);
  const bytes = random.oneIn(2) ? mutateBytes(Buffer.from(text), random) : Buffer.from(text);
  // The empty line is for a last one that goes on in the next.
  return Buffer.concat([bytes, Buffer.from('\n\ninclude /etc/hostname\n')]);
}
