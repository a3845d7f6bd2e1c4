// What an uploaded VRRP configuration may say: instances, their addresses, routes and rules, and our check and notify
// scripts. Source: keepalived.conf(5) "VRRP", Octavia's keepalived_base.template, contract/vrrp.md "Upload policy".

import { block, type BlockRule, type ValueRule } from './policy';
import {
  address,
  interfaceName,
  isAddressOrNetwork,
  name,
  nothing,
  number,
  numberWithin,
  oneOf,
  options,
  program,
  seconds,
} from './policy-values';

export interface VrrpPolicy {
  /** The namespaces that `net_namespace` may name. */
  readonly namespaces: readonly string[];
  /** What `vrrp_script` may run. */
  readonly checkScript: string;
  /** What `notify` may run. */
  readonly notifyScript: string;
}

const count = numberWithin(0, 999_999);
const weight = numberWithin(-253, 253);
// The kernel's own tables are 253 and more.
const table = numberWithin(1, 252);

const garp = {
  garp_master_delay: count,
  garp_master_repeat: count,
  garp_master_refresh: count,
  garp_master_refresh_repeat: count,
  garp_lower_prio_delay: count,
  garp_lower_prio_repeat: count,
  garp_interval: seconds,
  gna_interval: seconds,
};
const globalGarp = Object.fromEntries(Object.entries(garp).map(([key, rule]) => [`vrrp_${key}`, rule]));

/** A list of lines that begin with something else than a keyword. */
function lines(others: ValueRule, header: ValueRule = nothing): BlockRule {
  return { header, words: {}, others };
}

const password: ValueRule = ([value = '', ...more]) =>
  /^[A-Za-z0-9_.:/+=*-]{1,255}$/.test(value) && more.length === 0
    ? undefined
    : 'expected a password of letters, digits and _ . : / + = * -';

const virtualAddress: ValueRule = ([ip = '', ...rest]) =>
  isAddressOrNetwork(ip)
    ? options({ dev: interfaceName, scope: oneOf('global', 'link'), nodad: nothing })(rest)
    : 'expected an IP address';

const network: ValueRule = ([value = '']) =>
  isAddressOrNetwork(value) ? undefined : 'expected an address or a network';

const route: ValueRule = ([to = '', ...rest]) =>
  to === 'default' || isAddressOrNetwork(to)
    ? options({
        dev: interfaceName,
        src: address,
        via: address,
        gateway: address,
        scope: oneOf('global', 'link'),
        metric: number,
        mtu: number,
        onlink: nothing,
        table,
      })(rest)
    : 'expected a network or default';

const rule = options({ from: network, to: network, table, lookup: table, priority: numberWithin(1, 32_765) });

const peer: ValueRule = ([ip = '', ...rest]) =>
  address([ip]) ?? options({ min_ttl: count, max_ttl: count })(rest);

const tracked =
  (what: ValueRule): ValueRule =>
  ([first = '', ...rest]) =>
    what([first]) ?? options({ weight })(rest);

/** Makes the grammar of a VRRP configuration. */
export function vrrpGrammar({ namespaces, checkScript, notifyScript }: VrrpPolicy): BlockRule {
  const instance = block(
    {
      ...garp,
      state: oneOf('MASTER', 'BACKUP'),
      interface: interfaceName,
      virtual_router_id: numberWithin(1, 255),
      priority: numberWithin(1, 255),
      version: oneOf('2', '3'),
      advert_int: seconds,
      nopreempt: nothing,
      preempt_delay: seconds,
      accept: nothing,
      no_accept: nothing,
      native_ipv6: nothing,
      dont_track_primary: nothing,
      authentication: block({ auth_type: oneOf('PASS'), auth_pass: password }),
      unicast_src_ip: address,
      mcast_src_ip: address,
      unicast_peer: lines(peer),
      virtual_ipaddress: lines(virtualAddress),
      virtual_ipaddress_excluded: lines(virtualAddress),
      virtual_routes: lines(route),
      virtual_rules: lines(rule),
      track_script: lines(tracked(name)),
      track_interface: lines(tracked(interfaceName)),
      notify: program([notifyScript]),
    },
    name,
  );
  return block({
    net_namespace: oneOf(...namespaces),
    global_defs: block({
      ...globalGarp,
      router_id: name,
      script_user: oneOf('root'),
      enable_script_security: nothing,
      vrrp_version: oneOf('2', '3'),
    }),
    vrrp_script: block(
      {
        script: program([checkScript]),
        interval: seconds,
        timeout: seconds,
        fall: count,
        rise: count,
        weight,
        init_fail: nothing,
      },
      name,
    ),
    vrrp_sync_group: block({ group: lines((words) => name(words)) }, name),
    vrrp_instance: instance,
  });
}
