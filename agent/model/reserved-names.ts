// Names in base_path that can never be a load balancer's: Octavia's own, which its images, controllers and templates
// use, and ours. Source: contract/octavia-1.0.md, DESIGN "On disk".

/** What may lie in base_path beside load balancers. */
export const basePathNames: ReadonlySet<string> = new Set([
  'agent.sock',
  'certs',
  'haproxy-default-user-group.conf',
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

const programs: ReadonlySet<string> = new Set([
  'amphora-agent',
  'amphorad',
  'haproxy',
  'keepalived',
  'octavia',
]);

// `<id>.sock` lies beside the directories, and `certs/<id>` must never look like a file of a load balancer.
const fileSuffix = /\.(?:bak|cfg|conf|json|log|pem|pid|removed|sh|sock|tmp)$/i;

/** Tells whether a name, or the socket of a load balancer of that name, would be taken for something else. */
export function isReservedName(name: string): boolean {
  return (
    basePathNames.has(name) ||
    basePathNames.has(`${name}.sock`) ||
    programs.has(name) ||
    fileSuffix.test(name)
  );
}
