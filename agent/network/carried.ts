// Which addresses the interfaces of the namespace carry, with the prefix and subnet of each, from `ip -j addr`; and how
// single ones are put on and taken off beside what is plugged. Source: ip-address(8).

import { contains, subnetOf } from '../model/cidr';
import { isAgentError } from '../model/errors';
import { parseIp, sameIp, type Ip } from '../model/ip';
import type { NamespaceCommand } from './in-namespace';
import { isIpObject, isMissingNamespace, type IpCommand, type IpObject } from './ip';

export interface Carried {
  readonly interfaceName: string;
  readonly ip: Ip;
  readonly prefixLength: number;
}

export interface CarriedAddresses {
  /** All that interfaces carry, in the kernel's order; none where there is no namespace. Throws `unavailable`, `timeout`. */
  list(): Promise<readonly Carried[]>;
  /** The names of all interfaces. Throws as `list` does. */
  interfaces(): Promise<readonly string[]>;
  /** Puts an address on its interface; one that is there is left alone. Throws `unavailable` with the tool's words. */
  add(address: Carried): Promise<void>;
  /** Takes addresses off their interfaces; silent for those that are gone. Throws `unavailable` with the tool's words. */
  remove(addresses: readonly Carried[]): Promise<void>;
}

/** Makes the reader and writer of the addresses in the namespace of `command`; `inside` runs other tools there. */
export function createCarriedAddresses(
  command: IpCommand,
  inside: Pick<NamespaceCommand, 'attempt'>,
): CarriedAddresses {
  const links = async (): Promise<readonly IpObject[]> => {
    try {
      return await command.run(['addr']);
    } catch (thrown) {
      if (isMissingNamespace(thrown)) return [];
      throw thrown;
    }
  };
  const change = async (verb: 'replace' | 'del', { ip, prefixLength, interfaceName }: Carried) => {
    // An IPv6 address that the kernel still probes cannot be bound.
    const options = verb === 'replace' && ip.family === 6 ? ['nodad'] : [];
    await command.run(['addr', verb, `${ip.text}/${prefixLength}`, 'dev', interfaceName, ...options]);
  };
  return {
    list: async () => (await links()).flatMap(carriedBy),
    interfaces: async () => (await links()).map(nameOf),
    add: (address) => change('replace', address),
    async remove(addresses) {
      for (const address of addresses) {
        await keepOthers(inside, address);
        try {
          await change('del', address);
        } catch (thrown) {
          if (!isGone(thrown)) throw thrown;
        }
      }
    },
  };
}

/** The first address of a subnet takes the others along when it goes, unless the kernel is told otherwise. */
async function keepOthers(
  inside: Pick<NamespaceCommand, 'attempt'>,
  { ip, interfaceName }: Carried,
): Promise<void> {
  if (ip.family === 6) return;
  // A dot separates the words of a key.
  const name = interfaceName.replaceAll('.', '/');
  try {
    await inside.attempt(['sysctl', '-q', '-w', `net.ipv4.conf.${name}.promote_secondaries=1`]);
  } catch (thrown) {
    // Without the tool the address must go all the same: a second one on the network is worse.
    if (!isAgentError(thrown)) throw thrown;
  }
}

/** Those of `wanted` that are carried, with the prefixes that they have now. */
export function carriedAmong(
  carried: readonly Carried[],
  wanted: readonly Pick<Carried, 'interfaceName' | 'ip'>[],
): readonly Carried[] {
  return carried.filter(({ ip, interfaceName }) =>
    wanted.some((each) => each.interfaceName === interfaceName && sameIp(each.ip, ip)),
  );
}

/** The address of an interface in whose subnet another one is, host routes apart: the one with the longest prefix. */
export function neighbourOf(carried: readonly Carried[], ip: Ip): Carried | undefined {
  const fitting = carried.filter(
    (each) => !isHost(each) && !sameIp(each.ip, ip) && contains(subnetOf(each.ip, each.prefixLength), ip),
  );
  return fitting.reduce<Carried | undefined>(
    (best, each) => (best === undefined || each.prefixLength > best.prefixLength ? each : best),
    undefined,
  );
}

function isHost({ ip, prefixLength }: Carried): boolean {
  return prefixLength === (ip.family === 4 ? 32 : 128);
}

function carriedBy(link: IpObject): readonly Carried[] {
  const entries: unknown = link['addr_info'];
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry) => {
    if (!isIpObject(entry)) return [];
    const { local, prefixlen } = entry;
    const ip = typeof local === 'string' ? parseIp(local) : undefined;
    if (ip === undefined || typeof prefixlen !== 'number') return [];
    return [{ interfaceName: nameOf(link), ip, prefixLength: prefixlen }];
  });
}

function nameOf(link: IpObject): string {
  const name = link['ifname'];
  return typeof name === 'string' ? name : '';
}

// "Cannot assign requested address": nobody has it; "Cannot find device": its interface is gone too.
function isGone(thrown: unknown): boolean {
  if (!isAgentError(thrown, 'unavailable')) return false;
  return /Cannot assign requested address|Cannot find device/.test(thrown.detail ?? '');
}
