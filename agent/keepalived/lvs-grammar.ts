// What the configuration of a UDP or SCTP listener may say: virtual servers with NAT, members, and the health checks of
// Octavia's monitors. Source: keepalived.conf(5) "LVS CONFIGURATION", contract/vrrp.md "Upload policy".

import { block, type BlockRule, type ValueRule } from './policy';
import { address, addressAndPort, name, nothing, number, oneOf, program, urlPath } from './policy-values';

export interface LvsPolicy {
  /** The namespaces that `net_namespace` may name. */
  readonly namespaces: readonly string[];
  /** What `misc_path` may run. */
  readonly programs: readonly string[];
}

const timing = { delay_loop: number, delay_before_retry: number, retry: number, warmup: number };
const connection = {
  connect_ip: address,
  connect_port: number,
  bindto: address,
  bind_port: number,
  connect_timeout: number,
};

/** Makes the grammar of one listener's configuration. */
export function lvsGrammar({ namespaces, programs }: LvsPolicy): BlockRule {
  const url = block({ path: urlPath, status_code: number });
  const realServer = block(
    {
      ...timing,
      weight: number,
      uthreshold: number,
      lthreshold: number,
      inhibit_on_failure: nothing,
      alpha: nothing,
      MISC_CHECK: block({ ...timing, misc_path: program(programs), misc_timeout: number }),
      HTTP_GET: block({ ...timing, ...connection, url }),
      TCP_CHECK: block({ ...timing, ...connection }),
    },
    addressAndPort,
  );
  const virtualServer = block(
    {
      ...timing,
      lb_algo: name,
      lvs_sched: name,
      lb_kind: oneOf('NAT'),
      lvs_method: oneOf('NAT'),
      protocol: oneOf('UDP', 'SCTP'),
      persistence_timeout: number,
      persistence_granularity: granularity,
      ops: nothing,
      alpha: nothing,
      omega: nothing,
      quorum: number,
      hysteresis: number,
      real_server: realServer,
    },
    ([first = '', second = '', ...more]) =>
      first === 'group' && more.length === 0 ? name([second]) : addressAndPort([first, second, ...more]),
  );
  return block({
    net_namespace: oneOf(...namespaces),
    virtual_server_group: { header: name, words: {}, others: addressAndPort },
    virtual_server: virtualServer,
  });
}

/** A mask for IPv4, a prefix length for IPv6. */
const granularity: ValueRule = (values) =>
  address(values) === undefined || number(values) === undefined
    ? undefined
    : 'expected a mask or a prefix length';
