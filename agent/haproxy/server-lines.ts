// What the `server` lines and the state file of a configuration ask of a reload. Source: HAProxy 2.6 configuration
// manual, 5.2 "server", 3.1 "server-state-file".

import { parseIp } from '../model/ip';
import { globalLines, readSections } from './config/sections';
import type { HaproxyPaths } from './paths';

/** Tells whether a server is named by host: haproxy looks such names up when it starts. */
export function namesHosts(text: string): boolean {
  return readSections(text).some(({ lines }) =>
    lines.some(({ words }) => words[0] === 'server' && isHost(words[2] ?? '')),
  );
}

function isHost(address: string): boolean {
  if (address.startsWith('/') || /^(unix|abns|sockpair|fd)@/.test(address)) return false;
  const rest = address.replace(/^[a-z0-9]+@/, '');
  const host = rest.replace(/:[+-]?\d*$/, '').replace(/^\[|\]$/g, '');
  return host !== '' && host !== '*' && parseIp(host) === undefined && parseIp(rest) === undefined;
}

/** Tells whether `global` names the load balancer's own state file, to which servers are saved before a reload. */
export function namesServersState(text: string, paths: HaproxyPaths): boolean {
  return globalLines(text, new Set(['server-state-file'])).some(
    ({ words }) => words[1] === paths.serversState,
  );
}
