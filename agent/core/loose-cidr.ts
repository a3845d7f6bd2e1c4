// Subnets as tenants write them: bits behind the prefix are as good as none. Octavia's API and agent take host routes
// and allowed CIDRs so (its common/types.py, interface.py: `strict=False`).

import { bitsOf, isMapped, parseCidr, subnetOf, type Cidr } from '../model/cidr';
import { parseIp } from '../model/ip';

/** Parses `address/prefix` or a bare address into the subnet that it is in; undefined when it is neither or IPv4-mapped. */
export function parseLooseCidr(text: string): Cidr | undefined {
  const strict = parseCidr(text);
  if (strict !== undefined) return strict;
  const [, address = '', prefix = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = parseIp(address);
  if (ip === undefined || ip.zone !== undefined || isMapped(ip)) return undefined;
  return Number(prefix) > bitsOf(ip.family) ? undefined : subnetOf(ip, Number(prefix));
}
