// The metrics that are read off the agent when somebody asks. Labels as in counted-metrics.ts; `backend` and `server`
// have those of the configurations that run.

import { counter, gauge } from './metric';

export const readMetrics = {
  amphorad_build_info: gauge('Always 1; the version of the agent and of Node.', 'version', 'node'),
  amphorad_start_time_seconds: gauge('When the agent started, as seconds since the epoch.'),
  amphorad_process_cpu_seconds_total: counter('CPU time of the agent.', 'mode'),
  amphorad_process_resident_memory_bytes: gauge('Resident memory of the agent.'),
  amphorad_process_heap_bytes: gauge('JavaScript heap of the agent in use.'),
  amphorad_event_loop_busy_seconds_total: counter('Time during which the event loop did not wait.'),
  amphorad_findings: gauge('What doctor would tell of this amphora, by severity.', 'severity'),
  amphorad_ready: gauge('1 when /readyz says so.'),
  amphorad_scrape_failures: gauge('Parts of this answer that could not be read.'),

  amphorad_connections: gauge('Open connections of the REST listener.', 'client'),
  amphorad_connections_refused_total: counter('Connections refused because too many were open.'),
  amphorad_connections_evicted_total: counter('Connections closed in favour of new ones.'),

  amphorad_server_certificate_not_after_seconds: gauge(
    'When the certificate of the agent runs out, as seconds since the epoch.',
  ),
  amphorad_client_ca_not_after_seconds: gauge(
    'When the first of the CA certificates of clients runs out, as seconds since the epoch.',
  ),
  amphorad_client_crl_next_update_seconds: gauge(
    'When the first of the revocation lists of clients runs out, as seconds since the epoch.',
  ),

  amphorad_heartbeats_total: counter('Heartbeats sent, and those that could not be.', 'result'),
  amphorad_heartbeat_bytes_total: counter('Bytes of heartbeats sent.'),
  amphorad_heartbeat_size_step: gauge(
    '1 when the last heartbeat told all, up to 3 when it had to leave out more.',
  ),
  amphorad_heartbeat_pools_left_out: gauge('Pools that were not in the last heartbeat for want of space.'),

  amphorad_load_balancers: gauge('Load balancers that exist.'),
  amphorad_load_balancer_wanted: gauge('1 when the load balancer should run.', 'load_balancer'),
  amphorad_load_balancer_up: gauge(
    '1 when the haproxy of the load balancer runs and answers.',
    'load_balancer',
  ),
  amphorad_load_balancer_older_configuration: gauge(
    '1 when it runs an older configuration because the stored one did not come up.',
    'load_balancer',
  ),
  amphorad_load_balancer_sessions: gauge(
    'Connections of clients, those on replaced workers included.',
    'load_balancer',
  ),
  amphorad_load_balancer_old_workers: gauge(
    'Workers that reloads have replaced and that still have connections.',
    'load_balancer',
  ),
  amphorad_backend_up: gauge('1 when the backend takes traffic.', 'load_balancer', 'backend'),
  amphorad_member_state: gauge(
    'Always 1; the state of a server. A state that has ended is not told.',
    'load_balancer',
    'backend',
    'server',
    'state',
  ),
  amphorad_udp_listener_up: gauge('1 when the keepalived of a UDP or SCTP listener runs.', 'listener'),
  amphorad_vrrp_state: gauge('1 for the state of keepalived in VRRP; none while it does not run.', 'state'),
} as const;
