// One amphora of a pair as the topology call describes it.

import { parseIp, type Ip } from '../../../agent/model/ip';
import { defaultCheckTiming, type VrrpInstance } from '../../../agent/model/vrrp';

export const ipOf = (text: string): Ip => {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`${text} is no address`);
  return ip;
};

/** Makes it, changed. */
export function vrrpInstance(changes: Partial<VrrpInstance> = {}): VrrpInstance {
  return {
    name: 'amphora',
    routerId: 'node-a',
    interfaceName: 'eth1',
    virtualRouterId: 50,
    priority: 100,
    advertMs: 1_000,
    source: ipOf('10.0.0.11'),
    peers: [ipOf('10.0.0.12')],
    vips: [{ ip: ipOf('10.0.0.5'), prefixLength: 24, network: '10.0.0.0/24', gateway: ipOf('10.0.0.1') }],
    authPass: '0a1b2c3d',
    check: defaultCheckTiming,
    ...changes,
  };
}
