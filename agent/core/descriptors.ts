// Tells when haproxy got fewer file descriptors than its configuration asks for: Octavia's default of 50,000
// connections needs 100,029. With `no strict-limits` it serves all the same, and refuses connections when it runs
// out. Logged once for each load balancer and figure. Source: DESIGN "haproxy processes".

import type { HaproxyPaths } from '../haproxy/paths';
import type { HaproxyProcess } from '../haproxy/process';
import type { Log } from '../host/log';
import type { LoadBalancerId } from '../model/ids';

export interface DescriptorShortfall {
  readonly wanted: number;
  readonly limit: number;
}

export interface DescriptorWatch {
  /** Looks at a group that has just begun to serve. */
  look(id: LoadBalancerId, paths: HaproxyPaths): Promise<void>;
  /** Takes note of what a worker says of itself (`show info`). */
  note(id: LoadBalancerId, info: ReadonlyMap<string, string>): void;
  /** What a group was short of when it was looked at last; undefined when it had enough. */
  of(id: LoadBalancerId): DescriptorShortfall | undefined;
}

/** Makes the watch. */
export function createDescriptorWatch(haproxy: Pick<HaproxyProcess, 'info'>, log: Log): DescriptorWatch {
  const short = new Map<LoadBalancerId, DescriptorShortfall>();

  function note(id: LoadBalancerId, info: ReadonlyMap<string, string>): void {
    const wanted = Number(info.get('Maxsock') ?? 0);
    const limit = Number(info.get('Ulimit-n') ?? Infinity);
    const told = short.get(id);
    if (wanted <= limit) {
      short.delete(id);
      return;
    }
    if (told?.wanted === wanted && told.limit === limit) return;
    short.set(id, { wanted, limit });
    log.warning('haproxy has fewer file descriptors than its configuration asks for', {
      loadBalancer: id,
      wanted,
      limit,
      maxconn: info.get('Maxconn'),
    });
  }

  return {
    note,
    async look(id, paths) {
      const info = await haproxy.info(paths);
      if (info !== undefined) note(id, info);
    },
    of: (id) => short.get(id),
  };
}
