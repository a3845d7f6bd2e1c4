// The options that only the box decides: a controller may replace the first configuration file and must not
// reach these through it (DESIGN.md, Configuration file; contract/agent-conf.md, second table).

import type { OptionTable } from './option';
import { runtimeApiOptions } from './options-runtime';

const kib = 1024;
const gib = 1024 ** 3;
// haproxy refuses times over 2^31 ms (its manual, 2.5 Time format); 24 days is the last whole day below.
const longestHaproxyTime = 24 * 86_400;

export const localOptions = {
  amphorad: {
    network_namespace: {
      kind: 'name',
      default: 'amphora-haproxy',
      optional: true,
      restart: true,
      help: "Network namespace of haproxy and keepalived; empty: the host's own.",
    },
    namespace_unit: {
      kind: 'name',
      default: '',
      optional: true,
      restart: true,
      help: 'systemd unit that makes the namespace, for an agent in a mount namespace of its own; empty: the agent makes it.',
    },
    process_manager: {
      kind: 'choice',
      default: 'auto',
      choices: ['auto', 'direct', 'systemd'],
      restart: true,
      help: 'Who runs haproxy and keepalived; auto takes systemd where it is PID 1.',
    },
    runtime_dir: {
      kind: 'path',
      default: '${haproxy_amphora.base_path}',
      restart: true,
      help: 'Where the admin and master sockets lie; for a base_path too long for a socket path.',
    },
    template_dir: {
      kind: 'path',
      default: '/etc/amphorad/templates',
      optional: true,
      restart: true,
      help: 'Templates that replace those built in, by the same names; empty: none.',
    },
    client_auth_failure: {
      kind: 'choice',
      default: 'http',
      choices: ['http', 'handshake'],
      restart: true,
      help: 'How a client without a good certificate is refused: with a 401, or in the TLS handshake.',
    },
    client_crl: {
      kind: 'path',
      default: '',
      optional: true,
      restart: true,
      help: 'PEM file of revocation lists for client certificates.',
    },
    allowed_client_names: {
      kind: 'list',
      default: '',
      restart: false,
      help: 'Common or alternative names that may call; empty: any that the CA signed.',
    },
    read_only_client_names: {
      kind: 'list',
      default: '',
      restart: false,
      help: 'Common or alternative names that may only GET.',
    },
    config_policy: {
      kind: 'choice',
      default: 'octavia',
      choices: ['octavia', 'permissive'],
      restart: true,
      help: 'What an uploaded configuration may contain.',
    },
    max_config_bytes: {
      kind: 'size',
      default: '16 MiB',
      min: kib,
      max: gib,
      restart: true,
      help: 'Longest haproxy or keepalived configuration accepted.',
    },
    max_pem_bytes: {
      kind: 'size',
      default: '4 MiB',
      min: kib,
      max: gib,
      restart: true,
      help: 'Longest certificate upload accepted.',
    },
    max_json_bytes: {
      kind: 'size',
      default: '64 KiB',
      min: kib,
      max: gib,
      restart: true,
      help: 'Longest JSON body accepted.',
    },
    max_load_balancers: {
      kind: 'integer',
      default: '1024',
      min: 1,
      max: 10_000,
      restart: true,
      help: 'Load balancers on this amphora.',
    },
    max_connections: {
      kind: 'integer',
      default: '256',
      min: 4,
      max: 65_535,
      restart: true,
      help: 'Connections to the REST listener.',
    },
    max_connections_per_client: {
      kind: 'integer',
      default: '64',
      min: 1,
      max: 65_535,
      restart: true,
      help: 'Connections of one client certificate.',
    },
    reload_window: {
      kind: 'duration',
      default: '0 s',
      min: 0,
      max: 60,
      restart: true,
      help: 'Reloads of one load balancer within this time share one.',
    },
    hard_stop_after: {
      kind: 'duration',
      default: '',
      optional: true,
      min: 1,
      max: longestHaproxyTime,
      restart: true,
      help: 'When a replaced haproxy worker is cut with its sessions; empty: never.',
    },
    max_old_workers: {
      kind: 'integer',
      default: '8',
      min: 1,
      max: 1000,
      restart: true,
      help: 'Replaced workers of one load balancer above which idle ones are asked to stop.',
    },
    hang_timeout: {
      kind: 'duration',
      default: '10 s',
      min: 1,
      max: 3600,
      restart: true,
      help: 'How long a haproxy may not answer before it counts as hung.',
    },
    restart_hung: { kind: 'boolean', default: 'False', restart: true, help: 'Restart a hung haproxy.' },
    apply: {
      kind: 'choice',
      default: 'runtime-first',
      choices: ['runtime-first', 'reload'],
      restart: true,
      help: 'Whether a change goes through the runtime socket where it can, or always reloads.',
    },
    vrrp_services: {
      kind: 'ports',
      default: '',
      restart: true,
      help: 'Ports that the VRRP check wants in LISTEN.',
    },
    log_level: {
      kind: 'choice',
      default: 'info',
      choices: ['debug', 'info', 'warning', 'error'],
      restart: false,
      help: 'Least severe messages that are logged; [DEFAULT] debug asks for debug too.',
    },
    log_format: {
      kind: 'choice',
      default: 'text',
      choices: ['text', 'json'],
      restart: true,
      help: 'Log lines.',
    },
  },
  runtime_api: runtimeApiOptions,
  metrics: {
    bind: {
      kind: 'socket-address',
      default: '',
      optional: true,
      restart: true,
      help: 'Plain HTTP listener for /metrics, /livez and /readyz only; empty: none.',
    },
    allow_remote: {
      kind: 'boolean',
      default: 'False',
      restart: true,
      help: 'Let [metrics] bind be an address that is not loopback.',
    },
  },
} as const satisfies OptionTable;
