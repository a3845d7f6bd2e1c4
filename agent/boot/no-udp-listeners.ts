// An amphora that keeps no UDP listeners: there are none, and none can be made.

import type { UdpListeners } from '../core/udp-listeners';
import { notFound, unsupported } from '../model/errors';

/** Makes the verbs. */
export function noUdpListeners(): UdpListeners {
  const missing = (id: string): Promise<never> => Promise.reject(notFound('udp listener', id));
  return {
    ids: () => Promise.resolve([]),
    has: () => Promise.resolve(false),
    list: () => Promise.resolve([]),
    upload: () => Promise.reject(unsupported('a UDP listener')),
    config: missing,
    start: missing,
    stop: missing,
    reload: missing,
    remove: missing,
  };
}
