// Renders the configuration of a pair that the topology call asked for. Values are checked first: a template never sees
// a blank or a sign that keepalived would read as its own. Source: contract/vrrp.md section 4, keepalived.conf(5).

import { internal } from '../model/errors';
import type { Template } from '../model/template';
import { vrrpFamily, vrrpVersion, type VrrpInstance, type VrrpVip } from '../model/vrrp';
import type { VrrpPaths } from './vrrp-paths';

/** Renders one amphora's configuration. Throws `internal` on values that keepalived would not take as they are. */
export function renderVrrpConfig(
  template: Template,
  instance: VrrpInstance,
  paths: Pick<VrrpPaths, 'checkScript' | 'notifyScript'>,
): string {
  refuseUnfit(instance);
  const { interfaceName, source, peers, vips } = instance;
  const family = vrrpFamily(instance);
  const version = vrrpVersion(instance);
  const excluded = vips.filter(({ ip }) => ip.family !== family);
  const routes = vips.flatMap((vip) => routesOf(vip, interfaceName));
  const address = ({ ip, prefixLength }: VrrpVip): string =>
    `${ip.text}/${prefixLength} dev ${interfaceName}`;
  const view = {
    ...instance,
    ...paths,
    version,
    advertInterval: String(instance.advertMs / 1_000),
    authPass: version === 2 ? (instance.authPass ?? '') : '',
    sourceKeyword: peers.length > 0 ? 'unicast_src_ip' : 'mcast_src_ip',
    source: source?.text ?? '',
    hasPeers: peers.length > 0,
    peers: peers.map(({ text }) => text),
    addresses: vips.filter(({ ip }) => ip.family === family).map(address),
    hasExcluded: excluded.length > 0,
    excluded: excluded.map(address),
    hasRoutes: routes.length > 0,
    routes,
    rules: vips
      .filter(({ network }) => network !== undefined)
      .map(({ ip }) => `from ${ip.text}/${ip.family === 4 ? 32 : 128} table 1 priority 100`),
  };
  for (const line of [...view.addresses, ...view.excluded, ...routes, ...view.rules]) refuseSigns(line);
  for (const word of [view.name, view.routerId, interfaceName, view.authPass, ...Object.values(paths)]) {
    if (/\s/.test(word)) throw internal('a value for the keepalived configuration has a blank');
    refuseSigns(word);
  }
  return template(view);
}

/** As Octavia has them: answers from a virtual address leave by its own subnet and gateway. */
function routesOf({ ip, network, gateway, hostRoutes = [] }: VrrpVip, device: string): readonly string[] {
  if (network === undefined) return [];
  const via = (text: string): string => `via ${text} dev ${device} onlink table 1`;
  return [
    `${network} dev ${device} src ${ip.text} scope link table 1`,
    ...(gateway === undefined ? [] : [`default ${via(gateway.text)}`]),
    ...hostRoutes.map(({ destination, nexthop }) => `${destination} ${via(nexthop.text)}`),
  ];
}

function refuseUnfit({
  virtualRouterId,
  priority,
  advertMs,
  vips,
  check,
  authPass = '',
}: VrrpInstance): void {
  const isWithin = (value: number, most: number): boolean =>
    Number.isInteger(value) && value >= 1 && value <= most;
  if (!isWithin(virtualRouterId, 255)) throw internal('a virtual router id is 1 to 255');
  if (!isWithin(priority, 254)) throw internal('a priority is 1 to 254');
  // VRRPv3 counts in hundredths of a second.
  if (!isWithin(advertMs / 10, 4_095))
    throw internal('an interval of advertisements is 10 to 40950 ms, in tens');
  if (vips.length === 0) throw internal('a VRRP instance has an address');
  if (check.timeoutS > check.intervalS) throw internal('a check must end before the next one begins');
  if (authPass.length > 8) throw internal('a password of VRRP has 8 characters at most');
}

function refuseSigns(text: string): void {
  if (/[\p{Cc}"'#!{}$~@\\]/u.test(text)) {
    throw internal('a value for the keepalived configuration has a sign that keepalived would read');
  }
}
