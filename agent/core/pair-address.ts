// Where the address of a pair lives on this machine, and who has it: keepalived while there is a pair, the interface
// itself while there is none. Source: contract/amphora-v0.1.md "Topology", contract/vrrp.md 3 and 6.

import { cidrText, subnetOf, type Cidr } from '../model/cidr';
import { internal, invalidInput } from '../model/errors';
import { parseIp, sameIp, type Ip } from '../model/ip';
import type { HeldAddress, Pair, Topology } from '../model/topology';
import type { VrrpVip } from '../model/vrrp';
import { neighbourOf, type Carried, type CarriedAddresses } from '../network/carried';

export interface Place {
  readonly interfaceName: string;
  /** This amphora's own address there, of the family of the pair's; undefined when it has none. */
  readonly source: Ip | undefined;
  /** The pair's address first, and what moves along with it. */
  readonly vips: readonly VrrpVip[];
}

export interface PairAddress {
  /** Finds where the address belongs; `held`: where it was before. Throws `invalid-input` naming the parameter when this machine has no such place. */
  place(pair: Pair, held?: readonly HeldAddress[]): Promise<Place>;
  /** Refuses an address whose interface has no other to speak VRRP from: keepalived would be in FAULT for ever. Throws as `place` does. */
  requireSpeaker(pair: Pair): Promise<void>;
  /** Takes it off the interface, so that keepalived alone has it. A keepalived that runs keeps what it has through its reload. */
  release(pair: Pair, isPaired: boolean): Promise<void>;
  /** Tells where it is now, whoever put it there. */
  held(pair: Pair): Promise<readonly HeldAddress[]>;
  /** Puts back what this amphora had before and tells the neighbours; plugged VIPs follow the topology. Whoever stood by never takes one that is not plugged. */
  hold(pair: Pair | undefined, held: readonly HeldAddress[], followed: Topology): Promise<void>;
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
  async function place(pair: Pair, held: readonly HeldAddress[] = []): Promise<Place> {
    const ip = ipOf(pair);
    const all = [...(await carried.list()), ...held.map(carriedOf)];
    const known = await plugged.vipOf(pair.haIp);
    if (known !== undefined) return placeOf(known, all);
    if (pair.interface !== undefined) await requireInterface(carried, pair.interface);
    const here = all.filter((each) => pair.interface === undefined || each.interfaceName === pair.interface);
    const neighbour = neighbourOf(here, ip);
    const found = neighbour ?? here.find((each) => sameIp(each.ip, ip));
    const interfaceName = found?.interfaceName ?? pair.interface;
    if (interfaceName === undefined) throw nowhere(ip);
    if (!all.some((each) => isOwn(each, interfaceName, ip))) throw speechless(ip, interfaceName);
    const prefixLength = found?.prefixLength ?? (ip.family === 4 ? 32 : 128);
    return { interfaceName, source: neighbour?.ip, vips: [{ ip, prefixLength }] };
  }

  const present = async (pair: Pair): Promise<readonly Carried[]> => {
    const ip = ipOf(pair);
    return (await carried.list()).filter(
      (each) =>
        sameIp(each.ip, ip) && (pair.interface === undefined || each.interfaceName === pair.interface),
    );
  };

  return {
    place,

    async requireSpeaker(pair) {
      const { interfaceName, vips } = await place(pair);
      const ip = ipOf(pair);
      const isOther = (each: Carried): boolean =>
        each.interfaceName === interfaceName && !vips.some((vip) => sameIp(vip.ip, each.ip));
      // IPv6 is spoken from the link-local address, which every interface has.
      if (ip.family === 4 && !(await carried.list()).some((each) => each.ip.family === 4 && isOther(each)))
        throw speechless(ip, interfaceName);
    },

    held: async (pair) => (await present(pair)).map((each) => ({ ...each, ip: each.ip.text })),

    async release(pair, isPaired) {
      if ((await plugged.vipOf(pair.haIp)) !== undefined) await plugged.follow('ACTIVE-STANDBY');
      else if (!isPaired) await carried.remove(await present(pair));
    },

    async hold(pair, held, followed) {
      await plugged.follow(followed);
      if (pair === undefined || (await plugged.vipOf(pair.haIp)) !== undefined) return;
      for (const each of held.map(carriedOf)) {
        await carried.add(each);
        await announce(each.interfaceName, [each.ip]);
      }
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

/** Whether VRRP can speak from this address: it needs one that does not move, of the family of the one that does. */
function isOwn(each: Carried, interfaceName: string, moving: Ip): boolean {
  return each.interfaceName === interfaceName && each.ip.family === moving.family && !sameIp(each.ip, moving);
}

function carriedOf({ ip: text, ...where }: HeldAddress): Carried {
  return { ...where, ip: addressOf(text) };
}

async function requireInterface(carried: CarriedAddresses, name: string): Promise<void> {
  if ((await carried.interfaces()).includes(name)) return;
  throw invalidInput('Invalid request', `interface: there is no ${name}`);
}

function nowhere(ip: Ip): Error {
  const why = 'no interface has it, or a subnet with it: plug the VIP, or name an interface';
  return invalidInput('Invalid request', `ha_ip: ${ip.text}: ${why}`);
}

function speechless(ip: Ip, interfaceName: string): Error {
  const why = `${interfaceName} has no other address of its family, which VRRP speaks from`;
  return invalidInput('Invalid request', `ha_ip: ${ip.text}: ${why}`);
}

function ipOf({ haIp }: Pair): Ip {
  return addressOf(haIp);
}

function addressOf(text: string): Ip {
  const ip = parseIp(text);
  if (ip === undefined) throw internal('a stored topology has an address that is none');
  return ip;
}
