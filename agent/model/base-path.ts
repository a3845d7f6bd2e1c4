// What may lie in base_path: Octavia's own names, which its images, controllers and templates use, and ours.
// Source: contract/octavia-1.0.md, DESIGN "On disk".

import { isUuid } from './ids';
import { isDiscardedName, isTemporaryName } from './leftover';

const names: ReadonlySet<string> = new Set([
  'agent.sock',
  'certs',
  'interfaces',
  'lost+found',
  'lvs',
  'ping-wrapper.sh',
  'plugged_interfaces',
  'prometheus-proxy.json',
  'prometheus-proxy.log',
  'stats_counters.json',
  'vrrp',
]);

/** Tells whether a name in base_path is one of Octavia's or ours. */
export function isKnownEntry(name: string): boolean {
  const bare = name.replace(/\.sock(?:\.\d+\.(?:tmp|bak))?$/, '');
  return names.has(name) || isUuid(bare) || isTemporaryName(name) || isDiscardedName(name);
}
