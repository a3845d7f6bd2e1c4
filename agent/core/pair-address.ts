// Where the address of a pair lives on this machine, and who has it: keepalived while there is a pair, the interface
// itself while there is none. Source: contract/amphora-v0.1.md "Topology", contract/vrrp.md 3 and 6.

import { cidrText, subnetOf, type Cidr } from '../model/cidr';
import { internal, invalidInput } from '../model/errors';
import { parseIp, sameIp, type Ip } from '../model/ip';
import type { Pair, Topology } from '../model/topology';
import type { VrrpVip } from '../model/vrrp';
import { carriedAmong, neighbourOf, type Carried, type CarriedAddresses } from '../network/carried';

export interface Place {
  readonly interfaceName: string;
  /** This amphora's own address there, of the family of the pair's; undefined when it has none. */
  readonly source: Ip | undefined;
  /** The pair's address first, and what moves along with it. */
  readonly vips: readonly VrrpVip[];
}

export interface PairAddress {
  /** Finds where the address belongs. Throws `invalid-input` naming the parameter when this machine has no such place. */
  place(pair: Pair): Promise<Place>;
  /** Refuses an address whose interface has no other to speak VRRP from: keepalived would be in FAULT for ever. Throws as `place` does. */
  requireSpeaker(pair: Pair): Promise<void>;
  /** Takes it off the interface, so that keepalived alone has it. A keepalived that runs keeps what it has through its reload. */
  release(pair: Pair, isPaired: boolean): Promise<void>;
  /** Tells whether the interface has it now, whoever put it there. */
  isHeld(pair: Pair): Promise<boolean>;
  /** Puts it on the interface again and tells the neighbours: one that is plugged here, or that this amphora had before. Whoever stood by never takes it. */
  hold(pair: Pair, wasHeld: boolean): Promise<void>;
}

/** A VIP that is plugged, as the record of plugged interfaces has it. */
export interface PluggedVip {
  readonly interface: string;
  readonly vip: PluggedAddress;
  /** The other VIPs of that interface: they move along. */
  readonly additional: readonly PluggedAddress[];
  /** This amphora's own address there. */
  readonly vrrp?: { readonly ip: Ip };
}

export interface PluggedAddress {
  readonly ip: Ip;
  readonly prefix: number;
  readonly gateway?: Ip;
  readonly hostRoutes: readonly { readonly destination: Cidr; readonly nexthop: Ip }[];
}

export interface PairAddressDeps {
  readonly carried: CarriedAddresses;
  readonly plugged: {
    /** The plugged VIP with this address; undefined when it is not plugged. */
    vipOf(ip: string): Promise<PluggedVip | undefined>;
    /** Makes the interfaces with VIPs follow a topology: in a pair the VIPs leave them, for keepalived to put them on. */
    follow(topology: Topology): Promise<void>;
  };
  /** Tells the neighbours; never throws. */
  readonly announce: (interfaceName: string, ips: readonly Ip[]) => Promise<unknown>;
}

/** Makes it. */
export function createPairAddress({ carried, plugged, announce }: PairAddressDeps): PairAddress {
  async function place(pair: Pair): Promise<Place> {
    const ip = ipOf(pair);
    const all = await carried.list();
    const known = await plugged.vipOf(pair.haIp);
    if (known !== undefined) return placeOf(known, all);
    if (pair.interface !== undefined) await requireInterface(carried, pair.interface);
    const here = all.filter((each) => pair.interface === undefined || each.interfaceName === pair.interface);
    const neighbour = neighbourOf(here, ip);
    const found = neighbour ?? here.find((each) => sameIp(each.ip, ip));
    const interfaceName = found?.interfaceName ?? pair.interface;
    if (interfaceName === undefined) throw nowhere(ip);
    const prefixLength = found?.prefixLength ?? (ip.family === 4 ? 32 : 128);
    return { interfaceName, source: neighbour?.ip, vips: [{ ip, prefixLength }] };
  }

  const present = async (pair: Pair): Promise<readonly Carried[]> => {
    const { interfaceName, vips } = await place(pair);
    return carriedAmong(
      await carried.list(),
      vips.map(({ ip }) => ({ ip, interfaceName })),
    );
  };

  return {
    place,

    async requireSpeaker(pair) {
      const { interfaceName, vips } = await place(pair);
      const { family } = ipOf(pair);
      const isOwn = (each: Carried): boolean =>
        each.interfaceName === interfaceName && !vips.some(({ ip }) => sameIp(ip, each.ip));
      // IPv6 is spoken from the link-local address, which every interface has.
      if (family === 4 && !(await carried.list()).some((each) => each.ip.family === 4 && isOwn(each)))
        throw mute(interfaceName);
    },

    isHeld: async (pair) => (await present(pair)).length > 0,

    async release(pair, isPaired) {
      if ((await plugged.vipOf(pair.haIp)) !== undefined) await plugged.follow('ACTIVE-STANDBY');
      else if (!isPaired) await carried.remove(await present(pair));
    },

    async hold(pair, wasHeld) {
      if ((await plugged.vipOf(pair.haIp)) !== undefined) return plugged.follow('SINGLE');
      if (!wasHeld) return;
      const { interfaceName, vips } = await place(pair);
      for (const vip of vips) await carried.add({ ...vip, interfaceName });
      const ips = vips.map(({ ip }) => ip);
      await announce(interfaceName, ips);
    },
  };
}

function placeOf(known: PluggedVip, all: readonly Carried[]): Place {
  const own = all.filter((each) => each.interfaceName === known.interface);
  return {
    interfaceName: known.interface,
    source: known.vrrp?.ip ?? neighbourOf(own, known.vip.ip)?.ip,
    vips: [known.vip, ...known.additional].map(vipOf),
  };
}

function vipOf({ ip, prefix, gateway, hostRoutes }: PluggedAddress): VrrpVip {
  return {
    ip,
    prefixLength: prefix,
    network: cidrText(subnetOf(ip, prefix)),
    ...(gateway === undefined ? {} : { gateway }),
    hostRoutes: hostRoutes.map(({ destination, nexthop }) => ({
      destination: cidrText(destination),
      nexthop,
    })),
  };
}

async function requireInterface(carried: CarriedAddresses, name: string): Promise<void> {
  if ((await carried.interfaces()).includes(name)) return;
  throw invalidInput('Invalid request', `interface: there is no ${name}`);
}

function nowhere(ip: Ip): Error {
  const why = 'no interface has it, or a subnet with it: plug the VIP, or name an interface';
  return invalidInput('Invalid request', `ha_ip: ${ip.text}: ${why}`);
}

function mute(interfaceName: string): Error {
  const why = `${interfaceName} has no other IPv4 address, and VRRP needs one: plug the VIP with vrrp_ip`;
  return invalidInput('Invalid request', `ha_ip: ${why}`);
}

function ipOf({ haIp }: Pair): Ip {
  const ip = parseIp(haIp);
  if (ip === undefined) throw internal('a stored topology has an address that is none');
  return ip;
}
