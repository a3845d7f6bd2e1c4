// Where a server is, as far as a running haproxy can be told of another place: an IP address and a port. Source:
// HAProxy 2.6 configuration manual, 5.2 "server"; v2.6.0 src/server.c, srv_update_addr_port.

import { parseIp } from '../../model/ip';

export interface Place {
  /** In canonical text. */
  readonly address: string;
  readonly port: number;
  /** As `add server` takes it. */
  readonly written: string;
}

// To these haproxy connects where the client wanted to go.
const transparent: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Reads a place; undefined for names, sockets, port mapping, no port and what is transparent. */
export function readPlace(text: string): Place | undefined {
  // The last colon begins the port, of an IPv6 address without brackets too.
  const parts = /^(?:ipv[46]@)?(?:\[([^\]]+)\]|(.+)):(\d{1,5})$/.exec(text);
  const ip = parseIp(parts?.[1] ?? parts?.[2] ?? '');
  const port = Number(parts?.[3]);
  if (ip === undefined || ip.zone !== undefined || transparent.has(ip.text)) return undefined;
  if (port < 1 || port > 65_535) return undefined;
  const written = ip.family === 6 ? `[${ip.text}]:${port}` : `${ip.text}:${port}`;
  return { address: ip.text, port, written };
}
