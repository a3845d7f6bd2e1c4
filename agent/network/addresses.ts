// Which interface carries which address, from `ip -j addr` (iproute2's ip/ipaddress.c: `addr_info[].local` is our
// own side, also of a point-to-point address).

import type { Ip } from '../model/ip';
import { parseIp, sameIp } from '../model/ip';
import type { IpCommand, IpObject } from './ip';
import { isIpObject, isMissingNamespace } from './ip';

export interface Addresses {
  /**
   * Finds the name of the interface that carries an address, only of its zone when it has one; undefined when none
   * does. Throws `unavailable` or `timeout` when `ip` fails.
   */
  interfaceOf(ip: Ip): Promise<string | undefined>;
}

/** Makes the reader of the addresses in the namespace of `command`. */
export function createAddresses(command: IpCommand): Addresses {
  return {
    async interfaceOf(ip) {
      const links = await listAddresses(command);
      const wanted = links.find((link) => carries(link, ip));
      return wanted === undefined ? undefined : nameOf(wanted);
    },
  };
}

async function listAddresses(command: IpCommand): Promise<readonly IpObject[]> {
  try {
    return await command.run(['addr']);
  } catch (thrown) {
    // Before the first plug there may be no namespace yet, and then nothing carries anything.
    if (isMissingNamespace(thrown)) return [];
    throw thrown;
  }
}

function carries(link: IpObject, ip: Ip): boolean {
  if (ip.zone !== undefined && ip.zone !== nameOf(link)) return false;
  const wanted: Ip = { family: ip.family, text: ip.text };
  return addressesOf(link).some((address) => sameIp(address, wanted));
}

function addressesOf(link: IpObject): readonly Ip[] {
  const entries: unknown = link['addr_info'];
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry) => {
    const local = isIpObject(entry) ? entry['local'] : undefined;
    const ip = typeof local === 'string' ? parseIp(local) : undefined;
    return ip === undefined ? [] : [ip];
  });
}

function nameOf(link: IpObject): string | undefined {
  const name = link['ifname'];
  return typeof name === 'string' ? name : undefined;
}
