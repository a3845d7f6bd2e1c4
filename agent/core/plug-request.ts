// What controllers send to plug ports, read into the model or refused with the member and what was expected.
// Source: contract/octavia-1.0.md "Plugging"; what a value may be, octavia's plug.py.

import { validators } from '../generated/validators';
import { isMapped, parseCidr } from '../model/cidr';
import { invalidInput } from '../model/errors';
import { quote } from '../model/ids';
import { isLoopback, parseIp, type Ip } from '../model/ip';
import { parseMac, type Mac } from '../model/network';
import type { HostRoute, Port, PortAddress } from '../model/port';
import { parseLooseCidr } from './loose-cidr';
import { shapeFaults } from './shape-faults';

/** A port to be plugged. */
export interface PlugRequest {
  readonly mac: Mac;
  /** By way of SR-IOV: no firewall of the hypervisor stands before it, so it is closed until there are rules. */
  readonly isSriov: boolean;
  readonly port: Port;
}

interface HostRouteBody {
  readonly destination: string;
  readonly nexthop: string;
}

interface SubnetBody {
  readonly subnet_cidr: string;
  readonly gateway?: string | null;
  readonly host_routes?: readonly HostRouteBody[] | null;
}

interface AddressBody extends SubnetBody {
  readonly ip_address: string;
}

interface VipBody extends SubnetBody {
  readonly vrrp_ip?: string | null;
  readonly additional_vips?: readonly AddressBody[] | null;
}

interface PortBody {
  readonly mac_address: string;
  readonly mtu?: number | null;
  readonly is_sriov?: boolean | null;
}

interface NetworkBody extends PortBody {
  readonly fixed_ips?: readonly AddressBody[] | null;
  readonly vip_net_info?: (VipBody & { readonly vip: string }) | null;
}

const badSubnet = 'Invalid subnet information';
const badPort = 'Invalid port information';

/** Reads a request for a VIP. Throws `invalid-input`: `Invalid VIP`, `Invalid VRRP Address` or `Invalid subnet information`, each with its detail. */
export function parseVipPlug(vip: string, body: unknown): PlugRequest {
  if (!validators.plugVip(body)) throw invalidInput(badSubnet, shapeFaults(validators.plugVip.errors));
  const wire = body as VipBody & PortBody;
  return {
    mac: macOf(wire.mac_address, badSubnet),
    isSriov: wire.is_sriov ?? false,
    port: { ...mtuOf(wire), ...vipsOf(vip, wire, badSubnet), fixedIps: [] },
  };
}

/** Reads a request for a network; with VIPs when it is for the port that has them. Throws `invalid-input`: as for a VIP, or `Invalid network port`, `Invalid port information`. */
export function parseNetworkPlug(body: unknown): PlugRequest {
  if (!validators.plugNetwork(body)) throw invalidInput(badPort, shapeFaults(validators.plugNetwork.errors));
  const wire = body as NetworkBody;
  const mac = macOf(wire.mac_address, badPort);
  const fixedIps = (wire.fixed_ips ?? []).map((each, index) => {
    const at = `fixed_ips[${index}]`;
    const ip = addressOf(each.ip_address, `${at}.ip_address`, 'Invalid network port');
    return portAddress(ip, each, at, badPort);
  });
  const info = wire.vip_net_info ?? undefined;
  const vips = info === undefined ? { vips: [] } : vipsOf(info.vip, info, badPort);
  return { mac, isSriov: wire.is_sriov ?? false, port: { ...mtuOf(wire), ...vips, fixedIps } };
}

function mtuOf({ mtu }: PortBody): Pick<Port, 'mtu'> {
  return mtu === undefined || mtu === null ? {} : { mtu };
}

function vipsOf(vip: string, wire: VipBody, message: string): Pick<Port, 'vips' | 'vrrp'> {
  const bodies = [{ ...wire, ip_address: vip }, ...(wire.additional_vips ?? [])];
  const vips = bodies.map((each, index) => {
    const at = index === 0 ? '' : `additional_vips[${index - 1}].`;
    const ip = addressOf(each.ip_address, index === 0 ? 'vip' : `${at}ip_address`, 'Invalid VIP');
    return portAddress(ip, each, at.slice(0, -1), message, 'Invalid VIP');
  });
  const vrrp = vrrpOf(wire, vips[0]);
  return { vips, ...(vrrp === undefined ? {} : { vrrp }) };
}

function vrrpOf({ vrrp_ip: text }: VipBody, vip: PortAddress | undefined): Port['vrrp'] {
  if (text === undefined || text === null || text === '' || vip === undefined) return undefined;
  const ip = addressOf(text, 'vrrp_ip', 'Invalid VRRP Address');
  if (ip.family !== vip.ip.family) {
    throw invalidInput('Invalid VRRP Address', `vrrp_ip: ${ip.text} is not of the family of the VIP`);
  }
  if (ip.text === vip.gateway?.text) {
    throw invalidInput('Invalid VRRP Address', `vrrp_ip: ${ip.text} is the gateway`);
  }
  return { ip, prefix: vip.prefix };
}

/** The gateway need not be in the subnet: it is reached on the link all the same. No kernel takes one that is its own address. */
function portAddress(
  ip: Ip,
  { subnet_cidr: cidr, gateway, host_routes: routes }: SubnetBody,
  at: string,
  message: string,
  cidrMessage = message,
): PortAddress {
  const dot = at === '' ? '' : `${at}.`;
  const subnet = parseCidr(cidr);
  if (subnet?.family !== ip.family) {
    const expected = `the IPv${ip.family} subnet of ${ip.text} without bits behind its prefix`;
    throw invalidInput(cidrMessage, `${dot}subnet_cidr: expected ${expected}, got ${quote(cidr)}`);
  }
  const hasGateway = gateway !== undefined && gateway !== null && gateway !== '';
  const via = hasGateway ? neighbourOf(gateway, ip.family, `${dot}gateway`, message) : undefined;
  if (via?.text === ip.text) {
    throw invalidInput(message, `${dot}gateway: expected another address than ${ip.text} itself`);
  }
  return {
    ip,
    prefix: subnet.prefix,
    ...(via === undefined ? {} : { gateway: via }),
    hostRoutes: (routes ?? []).map((route, index) =>
      hostRouteOf(route, `${dot}host_routes[${index}]`, message),
    ),
  };
}

function hostRouteOf({ destination, nexthop }: HostRouteBody, at: string, message: string): HostRoute {
  const cidr = parseLooseCidr(destination);
  if (cidr === undefined) {
    throw invalidInput(message, `${at}.destination: expected a subnet, got ${quote(destination)}`);
  }
  return { destination: cidr, nexthop: neighbourOf(nexthop, cidr.family, `${at}.nexthop`, message) };
}

function neighbourOf(text: string, family: 4 | 6, at: string, message: string): Ip {
  const ip = addressOf(text, at, message);
  if (ip.family === family) return ip;
  throw invalidInput(message, `${at}: expected an IPv${family} address, got ${quote(text)}`);
}

function addressOf(text: string, at: string, message: string): Ip {
  const ip = parseIp(text);
  if (ip !== undefined && canBeCarried(ip)) return ip;
  throw invalidInput(message, `${at}: expected the IP address of one interface, got ${quote(text)}`);
}

function canBeCarried(ip: Ip): boolean {
  if (ip.zone !== undefined || isMapped(ip) || isLoopback(ip)) return false;
  if (ip.family === 6) return ip.text !== '::' && !ip.text.startsWith('ff');
  const first = Number(ip.text.split('.')[0]);
  return first !== 0 && first < 224;
}

function macOf(text: string, message: string): Mac {
  const mac = parseMac(text);
  if (mac !== undefined) return mac;
  throw invalidInput(message, `mac_address: expected the MAC address of one interface, got ${quote(text)}`);
}
