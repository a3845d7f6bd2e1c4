// What metrics tell of the agent itself: what it costs, what it finds, until when its certificates are good, and its
// part in a pair.

import type { Clock } from '../host/clock';
import type { Vitals } from '../host/vitals';
import type { Finding, FindProblems } from '../model/finding';
import type { CertificateDates } from './certificate-dates';
import type { ReadMetricName, ReadMetrics, Reading } from './metrics';
import type { Readiness } from './readiness';
import { createRecent } from './recent';
import type { UdpListeners } from './udp-listeners';
import type { Vrrp } from './vrrp';

export interface AgentReadingsDeps {
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly version: string;
  readonly findings: FindProblems;
  readonly readiness: Pick<Readiness, 'ready'>;
  readonly dates: () => CertificateDates | undefined;
  readonly vrrp: Pick<Vrrp, 'role'>;
  readonly udpListeners: Pick<UdpListeners, 'list'>;
}

// Findings take a survey of the state directory and of processes.
const findingsMaxAgeMs = 30_000;
const patienceMs = 300;
const severities = ['warning', 'error'] as const;

/** Makes the readers, by name. */
export function createAgentReadings(deps: AgentReadingsDeps): Readonly<Record<string, ReadMetrics>> {
  const { clock, vitals, version, readiness, vrrp, udpListeners } = deps;
  const startSeconds = clock.now() / 1_000;
  return {
    process: () => Promise.resolve(processReadings(vitals, version, startSeconds)),
    findings: findingReadings(clock, deps.findings),
    readiness: async () => {
      const { isWell } = await readiness.ready();
      return [{ name: 'amphorad_ready', value: Number(isWell) }];
    },
    certificates: () => Promise.resolve(dateReadings(deps.dates())),
    vrrp: async () => {
      const role = await vrrp.role();
      if (role === undefined) return [];
      return [{ name: 'amphorad_vrrp_state', labels: { state: role.toLowerCase() }, value: 1 }];
    },
    'UDP listeners': async () =>
      (await udpListeners.list()).map(({ id, isRunning }) => ({
        name: 'amphorad_udp_listener_up',
        labels: { listener: id },
        value: Number(isRunning),
      })),
  };
}

function processReadings(vitals: Vitals, version: string, startSeconds: number): readonly Reading[] {
  const signs = vitals.read();
  const cpu = 'amphorad_process_cpu_seconds_total';
  return [
    { name: 'amphorad_build_info', labels: { version, node: vitals.runtimeVersion() }, value: 1 },
    { name: 'amphorad_start_time_seconds', value: startSeconds },
    { name: cpu, labels: { mode: 'user' }, value: signs.userSeconds },
    { name: cpu, labels: { mode: 'system' }, value: signs.systemSeconds },
    { name: 'amphorad_process_resident_memory_bytes', value: signs.residentBytes },
    { name: 'amphorad_process_heap_bytes', value: signs.heapBytes },
    { name: 'amphorad_event_loop_busy_seconds_total', value: signs.busySeconds },
  ];
}

/** Nobody waits long for a survey: what is late is told the next time, and until then what was found before. */
function findingReadings(clock: Clock, find: FindProblems): ReadMetrics {
  const recent = createRecent(clock, findingsMaxAgeMs, find);
  let last: readonly Reading[] = [];
  return async () => {
    const looked = recent().then((found) => void (last = countFindings(found)));
    const aborter = new AbortController();
    const late = clock.sleep(patienceMs, aborter.signal).catch(() => undefined);
    await Promise.race([looked, late]);
    aborter.abort();
    looked.catch(() => undefined);
    return last;
  };
}

function countFindings(found: readonly Finding[]): readonly Reading[] {
  return severities.map((severity) => ({
    name: 'amphorad_findings',
    labels: { severity },
    value: found.filter((finding) => finding.severity === severity).length,
  }));
}

function dateReadings(dates: CertificateDates | undefined): readonly Reading[] {
  const at = (name: ReadMetricName, ms: number | undefined): readonly Reading[] =>
    ms === undefined ? [] : [{ name, value: ms / 1_000 }];
  return [
    ...at('amphorad_server_certificate_not_after_seconds', dates?.serverUntilMs),
    ...at('amphorad_client_ca_not_after_seconds', dates?.clientCaUntilMs),
    ...at('amphorad_client_crl_next_update_seconds', dates?.clientCrlUntilMs),
  ];
}
