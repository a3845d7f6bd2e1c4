// The options that Octavia controllers write into agent.conf, with Octavia's names and defaults
// (contract/agent-conf.md; octavia/common/config.py and its amphora_agent_conf.template).

import type { OptionTable } from './option';

// The longest interval that still tells a health manager anything; its own default for "failed" is 60 s.
const longestHeartbeat = 3600;

export const controllerOptions = {
  DEFAULT: {
    debug: { kind: 'boolean', default: 'False', restart: false, help: 'Log at debug level.' },
    use_syslog: {
      kind: 'boolean',
      default: 'False',
      restart: true,
      help: 'Log to syslog instead of standard error.',
    },
    syslog_log_facility: {
      kind: 'facility',
      default: 'LOG_LOCAL1',
      restart: true,
      help: "Syslog facility of the agent's own log.",
    },
  },
  haproxy_amphora: {
    base_path: {
      kind: 'path',
      default: '/var/lib/octavia',
      boxDecides: true,
      restart: true,
      help: 'State directory; controllers name it in the configurations they render.',
    },
    base_cert_dir: {
      kind: 'path',
      default: '$base_path/certs',
      boxDecides: true,
      restart: true,
      help: "Directory of the load balancers' certificates; a tmpfs is advised.",
    },
    bind_host: {
      kind: 'ip',
      default: '::',
      restart: true,
      help: 'Address of the REST listener; :: serves IPv4 too. A zone is allowed: fe80::1%eth0.',
    },
    bind_port: {
      kind: 'port',
      default: '9443',
      min: 0,
      restart: true,
      help: 'Port of the REST listener; 0 takes a free one and reports it.',
    },
    haproxy_cmd: {
      kind: 'path',
      default: '/usr/sbin/haproxy',
      boxDecides: true,
      restart: true,
      help: 'The haproxy binary.',
    },
    user_log_facility: {
      kind: 'facility',
      default: '0',
      restart: false,
      help: "Syslog facility of haproxy's traffic log where an upload names none; counts from its next start or reload.",
    },
    administrative_log_facility: {
      kind: 'facility',
      default: '1',
      restart: false,
      help: "Syslog facility of haproxy's notices and worse where an upload names none; counts from its next start or reload.",
    },
    user_group: {
      kind: 'name',
      default: 'nogroup',
      optional: true,
      boxDecides: true,
      restart: true,
      help: "Group that haproxy runs as; empty: the distribution's unprivileged one.",
    },
    respawn_count: { kind: 'text', default: '', ignored: true, restart: false, help: 'Init systems of old.' },
    respawn_interval: {
      kind: 'text',
      default: '',
      ignored: true,
      restart: false,
      help: 'Init systems of old.',
    },
    use_upstart: { kind: 'text', default: '', ignored: true, restart: false, help: 'Init systems of old.' },
    haproxy_template: {
      kind: 'text',
      default: '',
      ignored: true,
      restart: false,
      help: "The controller's own template.",
    },
  },
  health_manager: {
    controller_ip_port_list: {
      kind: 'endpoints',
      default: '',
      restart: false,
      help: 'Where heartbeats go; empty: none are sent.',
    },
    heartbeat_interval: {
      kind: 'duration',
      default: '10',
      min: 0.1,
      max: longestHeartbeat,
      restart: false,
      help: 'Time between heartbeats, start to start.',
    },
    heartbeat_key: {
      kind: 'text',
      default: '',
      optional: true,
      secret: true,
      restart: false,
      help: 'HMAC key of the heartbeats; required when controller_ip_port_list is not empty.',
    },
  },
  amphora_agent: {
    agent_server_cert: {
      kind: 'path',
      default: '/etc/octavia/certs/server.pem',
      boxDecides: true,
      restart: true,
      help: "The agent's private key, certificate and chain in one PEM file.",
    },
    agent_server_ca: {
      kind: 'path',
      default: '/etc/octavia/certs/client_ca.pem',
      boxDecides: true,
      restart: true,
      help: 'CA that client certificates must chain to.',
    },
    agent_server_network_dir: {
      kind: 'path',
      default: '/etc/octavia/interfaces/',
      boxDecides: true,
      restart: true,
      help: 'Directory of the stored interface definitions.',
    },
    agent_request_read_timeout: {
      kind: 'duration',
      default: '180',
      min: 1,
      max: 3600,
      restart: true,
      help: 'Longest time that a request body may take to arrive.',
    },
    amphora_id: {
      kind: 'amphora-id',
      default: '',
      required: true,
      boxDecides: true,
      restart: true,
      help: 'Id of this amphora.',
    },
    amphora_udp_driver: {
      kind: 'choice',
      default: 'keepalived_lvs',
      choices: ['keepalived_lvs'],
      restart: true,
      help: 'What balances UDP.',
    },
    agent_tls_protocol: {
      kind: 'tls-version',
      default: 'TLSv1.2',
      restart: true,
      help: 'Lowest TLS version of the REST listener; anything older than TLSv1.2 means TLSv1.2.',
    },
  },
  controller_worker: {
    loadbalancer_topology: {
      kind: 'choice',
      default: 'SINGLE',
      choices: ['SINGLE', 'ACTIVE_STANDBY'],
      restart: false,
      help: 'Topology until one is set over the API.',
    },
  },
} as const satisfies OptionTable;
