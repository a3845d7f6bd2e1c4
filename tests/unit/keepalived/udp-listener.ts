// A UDP listener as Octavia's templates write it, for tests to vary.

export const memberIds = ['10000000-0000-4000-8000-00000000000a', '10000000-0000-4000-8000-00000000000b'];
export const poolId = '20000000-0000-4000-8000-000000000001';
const script = '/var/lib/octavia/lvs/check/udp_check.sh';

export interface UdpListenerText {
  readonly protocol?: string;
  readonly port?: number;
  readonly members?: readonly string[];
  readonly checks?: boolean;
  readonly disabledMember?: string;
}

/** Writes one on 10.0.0.5 with members of these addresses. */
export function udpListener({
  protocol = 'UDP',
  port = 53,
  members = ['10.0.0.10', '10.0.0.11'],
  checks = true,
  disabledMember,
}: UdpListenerText = {}): string {
  const check = (ip: string): string =>
    checks
      ? `        MISC_CHECK {\n            misc_path "${script} ${ip} 53"\n            misc_timeout 4\n        }\n`
      : '';
  const servers = members.map(
    (ip, index) =>
      `    # Configuration for Member ${memberIds[index] ?? ''}\n    real_server ${ip} 53 {\n        weight 1\n${check(ip)}    }\n`,
  );
  const disabled = disabledMember === undefined ? '' : `    # Member ${disabledMember} is disabled\n`;
  return `# Configuration for Loadbalancer 30000000-0000-4000-8000-000000000001
# Configuration for Listener 0a000000-0000-4000-8000-000000000001

net_namespace amphora-haproxy

virtual_server_group ipv4-group {
    10.0.0.5 ${port}
}

virtual_server group ipv4-group {
    lb_algo wrr
    lb_kind NAT
    protocol ${protocol}
    delay_loop 5

    # Configuration for Pool ${poolId}
${servers.join('')}${disabled}}
`;
}
