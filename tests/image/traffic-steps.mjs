// A port is hot-plugged, and the amphora balances through it: TCP by haproxy, UDP by ip_vs.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import {
  additionalVip,
  gateway,
  mac,
  members,
  plugNeighbours,
  sendDatagrams,
  startClients,
  subnet,
  vip,
  vrrpIp,
} from './neighbours.mjs';
import { eventually } from './run.mjs';

export const loadBalancer = '0b000000-0000-4000-8000-000000000001';
export const listener = '0b000000-0000-4000-8000-000000000002';
export const udpListener = '0b000000-0000-4000-8000-000000000003';
const pool = '0b000000-0000-4000-8000-000000000004';
const udpPool = '0b000000-0000-4000-8000-000000000005';
const memberIds = ['0b000000-0000-4000-8000-00000000000a', '0b000000-0000-4000-8000-00000000000b'];
const plugMs = 90_000;
const loadMs = 5_000;
const datagrams = 50;
// More than is kept of the traffic log before it is rotated.
const logLines = 45_000;
const logLimit = 34 * 1024 * 1024;
const logMs = 180_000;

const haproxyConfig = `# Configuration for loadbalancer ${loadBalancer}
global
    daemon
    user nobody
    log /run/rsyslog/octavia/log local0
    stats socket /var/lib/octavia/${loadBalancer}.sock mode 0666 level user
    server-state-file /var/lib/octavia/${loadBalancer}/servers-state
    maxconn 2000

defaults
    log global
    retries 3
    option redispatch
    mode http
    timeout connect 5000
    timeout client 50000
    timeout server 50000
    load-server-state-from-file global

frontend ${listener}
    maxconn 2000
    bind ${vip}:80
    mode http
    default_backend ${pool}:${listener}

backend ${pool}:${listener}
    mode http
    balance roundrobin
    fullconn 2000
    option allbackups
${members.map((address, at) => `    server ${memberIds[at]} ${address}:8080 weight 1 check inter 5s fall 3 rise 2`).join('\n')}
`;

const udpConfig = `# Configuration for Loadbalancer ${loadBalancer}
# Configuration for Listener ${udpListener}

net_namespace amphora-haproxy

virtual_server_group ipv4-group {
    ${vip} 53
}

virtual_server group ipv4-group {
    lb_algo rr
    lb_kind NAT
    protocol UDP
    delay_loop 5

    # Configuration for Pool ${udpPool}
${members.map((address, at) => `    # Configuration for Member ${memberIds[at]}\n    real_server ${address} 5353 {\n        weight 1\n    }\n`).join('')}}
`;

/** Pairs of a title and what is done. */
export const trafficSteps = [
  [
    'a port attached while it runs gets the VIP, in the namespace',
    async ({ run, machine, controller }) => {
      await plugNeighbours({ run, machine });
      const body = {
        subnet_cidr: subnet,
        gateway,
        mac_address: mac,
        vrrp_ip: vrrpIp,
        mtu: 1500,
        host_routes: [],
        additional_vips: [{ subnet_cidr: subnet, gateway, ip_address: additionalVip, host_routes: [] }],
      };
      const answer = await eventually(() => controller.call('POST', `/1.0/plug/vip/${vip}`, body), plugMs);
      const inside = await machine.shell.run(
        'ip -n amphora-haproxy -br address show eth1; ls /sys/class/net',
      );
      assert.match(inside, new RegExp(`${vrrpIp}/24`));
      return JSON.parse(answer.text).details;
    },
  ],
  [
    'a listener serves through the VIP, both members in turn',
    async ({ controller, amphoraId }) => {
      await controller.call('PUT', `/1.0/loadbalancer/${amphoraId}/${loadBalancer}/haproxy`, haproxyConfig);
      await controller.call('PUT', `/1.0/loadbalancer/${loadBalancer}/start`);
      const found = await underLoad(() => pause(loadMs));
      assert.deepEqual(Object.keys(found.members).sort(), members);
      return `${found.sent} requests, ${found.failed} failed`;
    },
  ],
  [
    'a UDP listener balances datagrams by ip_vs',
    async ({ controller, amphoraId, machine, run, shared }) => {
      await controller.call('PUT', `/1.0/listeners/${amphoraId}/${udpListener}/udp_listener`, udpConfig);
      await controller.call('PUT', `/1.0/loadbalancer/${udpListener}/start`);
      await eventually(async () => {
        const table = await machine.shell.run('ip netns exec amphora-haproxy ipvsadm -Ln');
        return members.every((address) => table.includes(`${address}:5353`)) || undefined;
      }, plugMs);
      const found = await sendDatagrams(53, datagrams);
      run.note(JSON.stringify(found));
      assert.equal(found.answered, datagrams);
      assert.deepEqual(Object.keys(found.members).sort(), members);
      shared.datagrams = found.sent;
      const each = Object.values(found.members).join(' and ');
      return `${found.sent} sent, ${found.answered} answered, ${each} by each member`;
    },
  ],
  [
    'heartbeats count both',
    async ({ healthManager, amphoraId }) => {
      const both = ({ listeners }) => listener in listeners && udpListener in listeners;
      await healthManager.of(amphoraId).next(both, { timeoutMs: 30_000 });
      const total = (id, key) =>
        healthManager
          .of(amphoraId)
          .received.reduce((sum, { listeners }) => sum + (listeners[id]?.stats?.[key] ?? 0), 0);
      // A heartbeat tells what was added since the one before.
      await eventually(() => (total(udpListener, 'totconns') >= datagrams ? true : undefined), 30_000);
      const connections = total(listener, 'totconns');
      const udpConnections = total(udpListener, 'totconns');
      assert.ok(connections > 0, 'no connection of the listener was counted');
      assert.equal(udpConnections, datagrams);
      assert.deepEqual(healthManager.refused, []);
      return `${connections} connections by HTTP, ${udpConnections} by UDP, ${total(udpListener, 'rx')} bytes of UDP received`;
    },
  ],
  [
    'the traffic log has the requests, and cannot fill the disk',
    async ({ machine }) => {
      const log = '/var/log/haproxy.log';
      await machine.shell.run(`grep -q ${listener} ${log}`);
      // The facility is the controller's choice.
      const line = 'head -c 900 /dev/zero | tr "\\0" x';
      await machine.shell.run(
        `yes "$(${line})" | head -n ${logLines} | logger -u /run/rsyslog/octavia/log -t haproxy -p local3.info`,
        logMs,
      );
      await eventually(
        () =>
          machine.shell.run(`test -e ${log}.1.gz && test $(stat -c %s ${log}) -lt ${logLimit} && echo yes`),
        logMs,
      );
    },
  ],
];

/** Does something while clients call through the VIP; none of them may notice. */
export async function underLoad(work) {
  const clients = startClients();
  let found;
  try {
    await work();
  } finally {
    found = await clients.end();
  }
  if (found.failed > 0 || found.sent === 0)
    throw new Error(`${found.failed} of ${found.sent} failed: ${found.reasons.join('; ')}`);
  return found;
}
