// 1.0's words for what was plugged, and for what could not be. Pure.
// Source: contract/octavia-1.0.md "Plugging"; octavia's plug.py for the long form of addresses.

import type { PlugOutcome } from '../../core/plug';
import { AgentError } from '../../model/errors';
import type { Ip } from '../../model/ip';
import type { Port } from '../../model/port';

/** The `details` of a VIP that was plugged. */
export function vipDetails({ name, port, warnings }: PlugOutcome): string {
  const vips = port.vips.map(({ ip }) => exploded(ip)).join(', ');
  return withRemarks(`VIPs plugged on interface ${name}: ${vips}`, port, warnings);
}

/** The `details` of a network that was plugged, or changed. */
export function networkDetails({ name, port, isNew, warnings }: PlugOutcome): string {
  return withRemarks(
    isNew ? `Plugged on interface ${name}` : `Updated existing interface ${name}`,
    port,
    warnings,
  );
}

/** What is wrong in a request, as 1.0 says it: the reason in the message for VIPs, no reason for ports. */
export function plugFailure(error: AgentError): AgentError {
  const { kind, message, detail } = error;
  if (kind !== 'invalid-input') return error;
  if (message === 'Invalid network port') return new AgentError(kind, message, { cause: error });
  if (message !== 'Invalid VIP' && message !== 'Invalid VRRP Address') return error;
  return new AgentError(kind, `${message}: ${detail ?? ''}`, { cause: error });
}

/** The real agent would ask DHCP and routers for an address: that ours does not, a controller must be told. */
function withRemarks(done: string, { vrrp, fixedIps }: Port, warnings: readonly string[]): string {
  const isBare = vrrp === undefined && fixedIps.length === 0;
  const remarks = isBare
    ? ['no address was given for the port itself, and none is asked of DHCP or routers']
    : [];
  return [done, ...remarks, ...warnings].join('; ');
}

/** Every digit of an IPv6 address, as Python's `exploded` has it. */
function exploded({ family, text }: Ip): string {
  if (family === 4) return text;
  const [left = '', right] = text.split('::');
  const words = (half: string | undefined): readonly string[] =>
    (half ?? '').split(':').filter((word) => word !== '');
  const [head, tail] = [words(left), words(right)];
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].map((word) => word.padStart(4, '0')).join(':');
}
