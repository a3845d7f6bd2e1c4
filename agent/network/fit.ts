// What no interface may be asked to carry, checked before anything is touched: by then it comes from a controller or
// from a file, and the kernel takes some of it without a word (IPv4-mapped addresses, addresses of many).

import { bitsOf, contains, everything, isMapped, parseCidr, type Cidr } from '../model/cidr';
import { invalidInput } from '../model/errors';
import { isLoopback, type Ip } from '../model/ip';
import type { InterfaceAddress, WantedInterface, WantedRoute } from '../model/network';
import { isInterfaceName } from '../model/network';

// A kernel takes less than 68 bytes for no interface, and more than 65,535 for none that carries IP.
const mtuBounds = { least: 68, most: 65_535 };
// IPv6 ceases to work below it (RFC 8200, 5).
const leastMtuOfV6 = 1280;

const multicast: readonly (Cidr | undefined)[] = [parseCidr('224.0.0.0/4'), parseCidr('ff00::/8')];

/** Throws `invalid-input` that names what an interface cannot be. */
export function refuseUnfit(wanted: WantedInterface): void {
  if (!isInterfaceName(wanted.name)) throw invalidInput('Invalid interface name', wanted.name);
  refuseMtu(wanted);
  for (const address of [...wanted.addresses, ...wanted.movingAddresses]) refuseAddress(address);
  for (const route of wanted.routes) refuseRoute(route);
  for (const { from } of wanted.rules) refuseHost(from, 'rule');
}

function refuseMtu({ mtu, addresses, movingAddresses }: WantedInterface): void {
  if (mtu === undefined) return;
  if (!Number.isInteger(mtu) || mtu < mtuBounds.least || mtu > mtuBounds.most)
    throw invalidInput('Invalid MTU', `${mtu} is not ${mtuBounds.least} to ${mtuBounds.most}`);
  const hasV6 = [...addresses, ...movingAddresses].some(({ ip }) => ip.family === 6);
  if (hasV6 && mtu < leastMtuOfV6)
    throw invalidInput('Invalid MTU', `${mtu} is less than the ${leastMtuOfV6} that IPv6 needs`);
}

function refuseAddress({ ip, prefix }: InterfaceAddress): void {
  refuseHost(ip, 'address');
  const isLength = Number.isInteger(prefix) && prefix >= 1 && prefix <= bitsOf(ip.family);
  if (!isLength) throw invalidInput('Invalid address', `${ip.text}/${prefix}: no such prefix length`);
}

function refuseRoute({ destination, gateway, source }: WantedRoute): void {
  for (const ip of [gateway, source]) {
    if (ip === undefined) continue;
    refuseHost(ip, 'route');
    if (ip.family !== destination.family)
      throw invalidInput('Invalid route', `${ip.text} is of another family than ${destination.network}`);
  }
}

function refuseHost(ip: Ip, where: string): void {
  const fault = faultOf(ip);
  if (fault !== undefined) throw invalidInput(`Invalid ${where}`, `${ip.text} ${fault}`);
}

function faultOf(ip: Ip): string | undefined {
  if (ip.zone !== undefined) return 'has a zone';
  if (isMapped(ip)) return 'is an IPv4 address in IPv6 form';
  if (isLoopback(ip)) return 'is a loopback address';
  if (ip.text === everything(ip.family).network) return 'is no address of one host';
  return multicast.some((net) => net !== undefined && contains(net, ip))
    ? 'is a multicast address'
    : undefined;
}
