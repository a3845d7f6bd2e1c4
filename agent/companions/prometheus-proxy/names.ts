// Which of haproxy's metrics are shown, and what Octavia calls them: the names, help texts and labels that its users'
// dashboards know. Source: the output of Octavia's own prometheus proxy; haproxy 2.6, addons/promex.

export interface OctaviaMetric {
  readonly name: string;
  /** Instead of haproxy's own text. */
  readonly help: string | undefined;
  /** haproxy's label to Octavia's. */
  readonly labels: Readonly<Record<string, string>>;
}

interface Kind {
  readonly haproxy: string;
  readonly octavia: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: string;
  /** Metrics whose name behind the kind differs. */
  readonly renamed?: Readonly<Record<string, string>>;
  readonly helps: Readonly<Record<string, string>>;
}

const traffic = 'status current_sessions max_sessions limit_sessions sessions_total max_session_rate';
const queues =
  'last_session_seconds current_queue max_queue connection_attempts_total connection_reuses_total';
const bytes = 'bytes_in_total bytes_out_total';
const times = ['queue_time', 'connect_time', 'response_time', 'total_time']
  .map((time) => `${time}_average_seconds max_${time}_seconds`)
  .join(' ');
const failures = `responses_denied_total connection_errors_total response_errors_total retry_warnings_total
  redispatch_warnings_total failed_header_rewriting_total client_aborts_total server_aborts_total check_up_down_total
  check_last_change_seconds downtime_seconds_total loadbalanced_total`;
const http = `http_requests_total http_responses_total http_cache_lookups_total http_cache_hits_total
  http_comp_bytes_in_total http_comp_bytes_out_total http_comp_bytes_bypassed_total http_comp_responses_total`;

const waited = 'Maximum observed time spent waiting for a member response.';

const kinds: readonly Kind[] = [
  {
    haproxy: 'process',
    octavia: 'loadbalancer',
    labels: {},
    metrics: `max_connections current_connections connections_total requests_total max_ssl_connections
      current_ssl_connections ssl_connections_total current_connection_rate limit_connection_rate max_connection_rate
      current_session_rate limit_session_rate max_session_rate current_ssl_rate limit_ssl_rate max_ssl_rate
      current_frontend_ssl_key_rate max_frontend_ssl_key_rate frontent_ssl_reuse current_backend_ssl_key_rate
      max_backend_ssl_key_rate ssl_cache_lookups_total ssl_cache_misses_total http_comp_bytes_in_total
      http_comp_bytes_out_total limit_http_comp listeners dropped_logs_total`,
    helps: { current_ssl_connections: 'Number of active SSL connections.' },
  },
  {
    haproxy: 'process_pool',
    octavia: 'memory_pool',
    labels: {},
    metrics: 'allocated_bytes used_bytes failures_total',
    helps: {
      allocated_bytes: 'Total amount of memory allocated in the memory pools (in bytes).',
      used_bytes: 'Total amount of memory used in the memory pools (in bytes).',
      failures_total: 'Total number of failed memory pool allocations.',
    },
  },
  {
    haproxy: 'frontend',
    octavia: 'listener',
    labels: { proxy: 'listener' },
    metrics: `${traffic} limit_session_rate connections_rate_max connections_total ${bytes} requests_denied_total
      responses_denied_total request_errors_total denied_connections_total denied_sessions_total
      failed_header_rewriting_total http_requests_rate_max intercepted_requests_total ${http}`,
    helps: {
      status: 'Current status of the listener. 0=OFFLINE, 1=ONLINE, 2=DEGRADED.',
      denied_connections_total: 'Total number of requests denied by connection rules.',
      denied_sessions_total: 'Total number of requests denied by session rules.',
      failed_header_rewriting_total: 'Total number of failed header rewriting rules.',
    },
  },
  {
    haproxy: 'backend',
    octavia: 'pool',
    labels: { proxy: 'pool' },
    metrics: `${traffic} ${queues} ${bytes} ${times} ${failures} requests_denied_total active_servers backup_servers ${http}`,
    renamed: {
      server_aborts_total: 'member_aborts_total',
      active_servers: 'active_members',
      backup_servers: 'backup_members',
    },
    helps: {
      status: 'Current status of the pool. 0=OFFLINE, 1=ONLINE.',
      last_session_seconds: 'Number of seconds since last session assigned to a member.',
      max_response_time_seconds: waited,
      server_aborts_total: 'Total number of data transfers aborted by the server.',
      active_servers: 'Current number of active members.',
      backup_servers: 'Current number of backup members.',
      downtime_seconds_total: 'Total downtime (in seconds) for the pool.',
      loadbalanced_total:
        'Total number of times a pool was selected, either for new sessions, or when redispatching.',
    },
  },
  {
    haproxy: 'server',
    octavia: 'member',
    labels: { proxy: 'pool', server: 'member' },
    metrics: `${traffic} ${queues} queue_limit ${bytes} ${times} ${failures} weight check_failures_total current_throttle
      http_responses_total server_idle_connections_current server_idle_connections_limit`,
    renamed: {
      server_idle_connections_current: 'idle_connections_current',
      server_idle_connections_limit: 'idle_connections_limit',
    },
    helps: {
      status: 'Current status of the member. 0=ERROR, 1=ONLINE, 2=OFFLINE, 3=DRAIN.',
      last_session_seconds: 'Number of seconds since last session assigned to the member.',
      queue_limit: 'Configured maxqueue for the member (0 meaning no limit).',
      max_response_time_seconds: waited,
      weight: 'Member weight.',
      check_failures_total: 'Total number of failed check (Only counts checks failed when the member is up).',
      downtime_seconds_total: 'Total downtime (in seconds) for the member.',
      current_throttle:
        'Current throttle percentage for the member, when slowstart is active, or no value if not in slowstart.',
      loadbalanced_total:
        'Total number of times a member was selected, either for new sessions, or when redispatching.',
    },
  },
];

/** haproxy's metrics by name, as Octavia shows them; the others are not shown. */
export const octaviaMetrics: ReadonlyMap<string, OctaviaMetric> = new Map(
  kinds.flatMap(({ haproxy, octavia, labels, metrics, renamed, helps }) =>
    metrics.split(/\s+/).map((metric): [string, OctaviaMetric] => [
      `haproxy_${haproxy}_${metric}`,
      {
        name: `octavia_${octavia}_${renamed?.[metric] ?? metric}`,
        help: helps[metric],
        labels,
      },
    ]),
  ),
);
