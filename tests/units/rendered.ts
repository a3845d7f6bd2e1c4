// The units that the agent makes, one for each kind of service, as text that systemd-analyze reads.

import { haproxyConfinement } from '../../agent/haproxy/confinement';
import { haproxyPaths } from '../../agent/haproxy/paths';
import { lvsConfinement, vrrpConfinement } from '../../agent/keepalived/confinement';
import { parseLoadBalancerId } from '../../agent/model/ids';
import type { Confinement } from '../../agent/supervisor/confinement';
import { unitProperties } from '../../agent/supervisor/unit';

const base = '/var/lib/octavia';
const roots = { basePath: base, certDir: `${base}/certs`, runtimeDir: base };
const id = parseLoadBalancerId('00000001-aaaa-4bbb-8ccc-dddddddddddd');
const proxy = '/usr/lib/amphorad/prometheus-proxy.cjs';

const kinds: readonly (readonly [name: string, argv: readonly string[], confinement: Confinement])[] = [
  ['haproxy', ['/usr/sbin/haproxy'], haproxyConfinement(haproxyPaths(roots, id))],
  ['keepalived-vrrp', ['/usr/sbin/keepalived'], vrrpConfinement(`${base}/vrrp`)],
  ['keepalivedlvs', ['/usr/sbin/keepalived'], lvsConfinement(`${base}/lvs`)],
  ['prometheus-proxy', ['/usr/bin/node', proxy], { writes: [], capabilities: [] }],
];

/** Renders them, by the name of their files. */
export function renderUnits(): readonly (readonly [file: string, text: string])[] {
  return kinds.map(([name, argv, confinement]) => {
    const spec = { name, argv, marks: [], through: [], logPath: `${base}/${name}.log`, confinement };
    const properties = unitProperties(spec, 'amphora-haproxy');
    const lines = ['[Service]', `ExecStart=${argv.join(' ')}`, ...properties];
    return [`amphorad-${name}.service`, `${lines.join('\n')}\n`];
  });
}
