// The two packages: what Debian is to know of each.
// procps has sysctl, without which the namespace has none of its settings.
const needs = ['haproxy', 'keepalived', 'iproute2', 'nftables', 'ipvsadm', 'iputils-arping', 'procps'];
// As recommendations: `systemd` is not everywhere, and the others serve single features.
const serves = ['libndp-tools', 'iputils-ping', 'logrotate'];
// python3-octavia holds the programs by which Octavia's agent and its companions are called.
const former = ['octavia-agent', 'python3-octavia'];
const summary = 'agent of a load-balancer amphora, driven over mutual TLS';
const description = [
  'amphorad runs on a load-balancer virtual machine beside haproxy and',
  'keepalived. A controller such as OpenStack Octavia tells it over HTTPS with',
  'client certificates what to balance: it checks and stores configurations and',
  'certificates, starts, reloads and watches haproxy, plugs addresses and',
  'networks into a namespace, runs keepalived for VRRP and UDP, and reports',
  'health and statistics in signed heartbeats.',
];

export const packages = [
  {
    name: 'amphorad',
    architecture: 'all',
    bundlesNode: false,
    summary,
    description: [...description, '', 'This package uses the Node.js of the system, 20.19 or newer.'],
    depends: ['nodejs (>= 20.19)', ...needs],
    recommends: serves,
    conflicts: ['amphorad-bundled', ...former],
  },
  {
    name: 'amphorad-bundled',
    architecture: 'amd64',
    bundlesNode: true,
    summary: `${summary} (with Node.js)`,
    description: [...description, '', 'This package brings a Node.js of its own.'],
    depends: ['libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6', ...needs],
    recommends: serves,
    conflicts: ['amphorad', ...former],
    provides: ['amphorad'],
  },
];
