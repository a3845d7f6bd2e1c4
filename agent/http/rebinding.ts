// A web page that any browser on this machine shows can have requests sent to loopback: under a name of its own that DNS
// points here, or across origins. A listener that asks for no token refuses both. Source: RFC 6454, 7.3 (Origin).

import { isLoopback, parseIp } from '../model/ip';

export interface Headers {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

/** Tells whether a page, rather than a program on this machine, may have sent the request. */
export function mayBeRebound({ host, origin }: Headers): boolean {
  if (origin !== undefined) return true;
  // HTTP/1.0: no browser.
  if (host === undefined) return false;
  const [, bracketed, plain = ''] = /^(?:\[([^[\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host) ?? [];
  const name = bracketed ?? plain;
  if (name.toLowerCase() === 'localhost') return false;
  const ip = parseIp(name);
  return ip === undefined || !isLoopback(ip);
}
