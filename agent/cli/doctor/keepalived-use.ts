// Whether anything on this amphora needs keepalived: by the names of its configurations, not by the directories, which
// the agent's own scripts lie in. Source: Octavia's keepalived_lvs and keepalived paths.

import { join } from 'node:path';
import type { Patient } from './check';

/** Tells whether there are UDP or SCTP listeners. */
export async function hasUdpListeners({ config, host }: Patient): Promise<boolean> {
  const names = await host.files.list(join(config.haproxy_amphora.base_path, 'lvs'));
  return names.some((name) => /^octavia-keepalivedlvs-.+\.conf$/.test(name));
}

/** Tells whether this amphora is half of a pair. */
export async function isHalfOfPair({ config, host }: Patient): Promise<boolean> {
  const path = join(config.haproxy_amphora.base_path, 'vrrp', 'octavia-keepalived.conf');
  return (await host.files.stat(path)) !== undefined;
}
