// What a controller has the compute service inject: the agent's configuration and certificates, as cloud-init's files.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// A root shell on the second serial port, which the image itself has not got. It reads a pipe: from a terminal it would
// print prompts.
const shellUnit = `[Unit]
Description=Root shell of the test
[Service]
ExecStart=/bin/sh -c 'stty raw -echo </dev/ttyS1; cat /dev/ttyS1 | /bin/bash >/dev/ttyS1 2>&1'
Restart=always
[Install]
WantedBy=multi-user.target
`;

/** Writes a NoCloud seed's disk; `files` are texts by path. */
export function writeSeed({ directory, instanceId, files }) {
  const contents = join(directory, 'seed');
  mkdirSync(contents, { recursive: true });
  writeFileSync(join(contents, 'user-data'), userDataWith(files));
  const metaData = { 'instance-id': instanceId, 'local-hostname': `amphora-${instanceId}` };
  writeFileSync(join(contents, 'meta-data'), `${JSON.stringify(metaData)}\n`);
  return disk(contents, 'cidata');
}

/** Writes a config drive, where a compute service puts the files that a controller wants injected. */
export function writeConfigDrive({ directory, instanceId, files }) {
  const contents = join(directory, 'config-drive');
  const latest = join(contents, 'openstack/latest');
  mkdirSync(latest, { recursive: true });
  mkdirSync(join(contents, 'openstack/content'));
  const injected = Object.entries(files).map(([path, text], at) => {
    const contentPath = `/content/${String(at).padStart(4, '0')}`;
    writeFileSync(join(contents, 'openstack', contentPath), text);
    return { path, content_path: contentPath };
  });
  const metaData = { uuid: instanceId, hostname: `amphora-${instanceId}`, files: injected };
  writeFileSync(join(latest, 'meta_data.json'), JSON.stringify(metaData));
  writeFileSync(join(latest, 'user_data'), userDataWith({}));
  return disk(contents, 'config-2');
}

function userDataWith(files) {
  const written = { ...files, '/etc/systemd/system/test-shell.service': shellUnit };
  const userData = {
    write_files: Object.entries(written).map(([path, text]) => ({
      path,
      encoding: 'b64',
      content: Buffer.from(text).toString('base64'),
      permissions: path.endsWith('.service') ? '0644' : '0600',
    })),
    runcmd: [['systemctl', 'enable', '--now', '--no-block', 'test-shell.service']],
  };
  return `#cloud-config\n${JSON.stringify(userData)}\n`;
}

function disk(contents, label) {
  const path = `${contents}.iso`;
  execFileSync('genisoimage', ['-quiet', '-output', path, '-volid', label, '-joliet', '-rock', contents]);
  return path;
}

/** agent.conf as a controller writes it. */
export function agentConf({ amphoraId, healthManager, heartbeatKey }) {
  return `[DEFAULT]
debug = False
[haproxy_amphora]
base_cert_dir = /var/lib/octavia/certs
base_path = /var/lib/octavia
bind_host = ::
bind_port = 9443
haproxy_cmd = /usr/sbin/haproxy
[health_manager]
controller_ip_port_list = ${healthManager}
heartbeat_interval = 2
heartbeat_key = ${heartbeatKey}
[amphora_agent]
agent_server_ca = /etc/octavia/certs/client_ca.pem
agent_server_cert = /etc/octavia/certs/server.pem
agent_server_network_dir = /etc/octavia/interfaces/
agent_request_read_timeout = 180
amphora_id = ${amphoraId}
amphora_udp_driver = keepalived_lvs
agent_tls_protocol = TLSv1.2
[controller_worker]
loadbalancer_topology = SINGLE
`;
}
