// Tells when haproxy got fewer file descriptors than its configuration asks for: Octavia's default of 50,000
// connections needs 100,029. With `no strict-limits` it serves all the same, and refuses connections when it runs
// out. Logged once for each load balancer and figure. Source: DESIGN "haproxy processes".

import type { HaproxyPaths } from '../haproxy/paths';
import type { HaproxyProcess } from '../haproxy/process';
import type { Log } from '../host/log';
import type { LoadBalancerId } from '../model/ids';

export interface DescriptorWatch {
  /** Looks at a group that has just begun to serve. */
  look(id: LoadBalancerId, paths: HaproxyPaths): Promise<void>;
}

/** Makes the watch. */
export function createDescriptorWatch(haproxy: HaproxyProcess, log: Log): DescriptorWatch {
  const told = new Map<LoadBalancerId, number>();
  return {
    async look(id, paths) {
      const info = await haproxy.info(paths);
      const wanted = Number(info?.get('Maxsock') ?? 0);
      const limit = Number(info?.get('Ulimit-n') ?? Infinity);
      if (wanted <= limit || told.get(id) === wanted) return;
      told.set(id, wanted);
      log.warning('haproxy has fewer file descriptors than its configuration asks for', {
        loadBalancer: id,
        wanted,
        limit,
        maxconn: info?.get('Maxconn'),
      });
    },
  };
}
