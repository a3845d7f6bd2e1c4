// Traffic of the interfaces in a namespace that is not our own, from `ip -j -s link` (`stats64`): Node cannot enter
// a namespace, so /proc/net/dev shows only the agent's.

import type { InterfaceTraffic } from '../host/system';
import type { IpCommand, IpObject } from './ip';
import { isIpObject, isMissingNamespace } from './ip';

/**
 * Reads the bytes received and sent by each interface of the namespace, `lo` included; none when the namespace has
 * not been made. Throws `unavailable` or `timeout` when `ip` fails.
 */
export async function readNamespaceTraffic(command: IpCommand): Promise<readonly InterfaceTraffic[]> {
  const links = await listStatistics(command);
  return links.flatMap((link) => {
    const name = link['ifname'];
    const received = bytesOf(link, 'rx');
    const sent = bytesOf(link, 'tx');
    const isWhole = typeof name === 'string' && received !== undefined && sent !== undefined;
    return isWhole ? [{ name, received, sent }] : [];
  });
}

async function listStatistics(command: IpCommand): Promise<readonly IpObject[]> {
  try {
    return await command.run(['-s', 'link']);
  } catch (thrown) {
    if (isMissingNamespace(thrown)) return [];
    throw thrown;
  }
}

function bytesOf(link: IpObject, direction: 'rx' | 'tx'): number | undefined {
  const statistics = link['stats64'];
  const counters = isIpObject(statistics) ? statistics[direction] : undefined;
  const bytes = isIpObject(counters) ? counters['bytes'] : undefined;
  return typeof bytes === 'number' ? bytes : undefined;
}
