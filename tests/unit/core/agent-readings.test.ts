// What metrics tell of the agent itself.

import { describe, expect, it } from '@jest/globals';
import { createAgentReadings, type AgentReadingsDeps } from '../../../agent/core/agent-readings';
import type { Reading } from '../../../agent/core/metrics';
import type { Finding } from '../../../agent/model/finding';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createHandClock, type HandClock } from '../../fakes/hand-clock';
import { createLiteralVitals } from '../../fakes/literal-vitals';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const finding = (severity: Finding['severity']): Finding => ({
  check: 'x',
  severity,
  what: '',
  why: '',
  todo: '',
});

function agent(changes: Partial<AgentReadingsDeps> = {}) {
  const clock: HandClock = createHandClock();
  const readers = createAgentReadings({
    clock,
    vitals: createLiteralVitals(),
    version: '1.2.3',
    findings: () => Promise.resolve([finding('error'), finding('warning'), finding('warning')]),
    readiness: { ready: () => Promise.resolve({ isWell: false, reasons: [] }) },
    dates: () => undefined,
    vrrp: { role: () => Promise.resolve('BACKUP') },
    udpListeners: { list: () => Promise.resolve([{ id, type: 'UDP', isRunning: true }]) },
    ...changes,
  });
  const read = async (name: string): Promise<readonly string[]> => linesOf(await readers[name]!());
  return { clock, read };
}

const linesOf = (readings: readonly Reading[]): readonly string[] =>
  readings.map(({ name, labels = {}, value }) => [name, ...Object.values(labels), value].join(' '));

describe('what metrics tell of the agent', () => {
  it('is what it costs and which one it is', async () => {
    expect(await agent().read('process')).toEqual([
      'amphorad_build_info 1.2.3 v20.19.0 1',
      'amphorad_start_time_seconds 1700000000',
      'amphorad_process_cpu_seconds_total user 1.5',
      'amphorad_process_cpu_seconds_total system 0.25',
      'amphorad_process_resident_memory_bytes 70000000',
      'amphorad_process_heap_bytes 20000000',
      'amphorad_event_loop_busy_seconds_total 2',
    ]);
  });

  it('is its part in a pair, whether it is ready, and its UDP listeners', async () => {
    const { read } = agent();
    expect(await read('vrrp')).toEqual(['amphorad_vrrp_state backup 1']);
    expect(await read('readiness')).toEqual(['amphorad_ready 0']);
    expect(await read('UDP listeners')).toEqual([`amphorad_udp_listener_up ${id} 1`]);
    expect(await agent({ vrrp: { role: () => Promise.resolve(undefined) } }).read('vrrp')).toEqual([]);
  });

  it('is until when certificates are good, of those that there are', async () => {
    const dates = {
      serverFromMs: 0,
      serverUntilMs: 2_000,
      clientCaUntilMs: 3_000,
      clientCrlUntilMs: undefined,
    };
    expect(await agent({ dates: () => dates }).read('certificates')).toEqual([
      'amphorad_server_certificate_not_after_seconds 2',
      'amphorad_client_ca_not_after_seconds 3',
    ]);
    expect(await agent().read('certificates')).toEqual([]);
  });

  it('is how many findings there are, looked for once in 30 s', async () => {
    let looks = 0;
    const findings = () => Promise.resolve((looks += 1) === 1 ? [finding('error')] : []);
    const { clock, read } = agent({ findings });
    const one = ['amphorad_findings warning 0', 'amphorad_findings error 1'];
    expect(await read('findings')).toEqual(one);
    await clock.advance(29_000);
    expect(await read('findings')).toEqual(one);
    await clock.advance(2_000);
    expect(await read('findings')).toEqual(['amphorad_findings warning 0', 'amphorad_findings error 0']);
  });

  it('does not wait for a survey that takes long, and tells of it the next time', async () => {
    let done: (found: readonly Finding[]) => void = () => undefined;
    const findings = () => new Promise<readonly Finding[]>((resolve) => (done = resolve));
    const { clock, read } = agent({ findings });
    const first = read('findings');
    await clock.advance(300);
    expect(await first).toEqual([]);
    done([finding('warning')]);
    expect(await read('findings')).toEqual(['amphorad_findings warning 1', 'amphorad_findings error 0']);
  });
});
