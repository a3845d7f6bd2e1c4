// Whether an address can be bound: it is on this machine, or the kernel lets any be bound (ip_nonlocal_bind, which
// the amphora's own namespace has for VRRP). Source: ip-sysctl, ip_nonlocal_bind.

import type { Files } from '../host/files';
import { isLoopback, parseIp } from '../model/ip';
import type { Addresses } from './addresses';

export interface CanBindDeps {
  readonly files: Files;
  readonly addresses: Addresses;
  /** '' for the host's own; in another one any address is taken for bindable. */
  readonly namespace: string;
}

/** Makes the question. Wildcards and loopback addresses are always on this machine. */
export function createCanBind({
  files,
  addresses,
  namespace,
}: CanBindDeps): (address: string) => Promise<boolean> {
  return async (address) => {
    const ip = parseIp(address);
    if (ip === undefined || namespace !== '' || address === '::' || isLoopback(ip)) return true;
    const family = ip.family === 4 ? 'ipv4' : 'ipv6';
    const nonlocal = await files.readHostText(`/proc/sys/net/${family}/ip_nonlocal_bind`);
    return nonlocal?.trim() === '1' || (await addresses.interfaceOf(ip)) !== undefined;
  };
}
