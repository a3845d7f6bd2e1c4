// What counters and the collection over them tell.

import { describe, expect, it } from '@jest/globals';
import { createCounters } from '../../../agent/core/counters';
import { countLoadBalancers, countUdpListeners } from '../../../agent/core/counted-verbs';
import { createLoopLag } from '../../../agent/core/loop-lag';
import type { MetricFamily } from '../../../agent/core/metric';
import { createMetrics, type ReadMetrics } from '../../../agent/core/metrics';
import type { LoadBalancers } from '../../../agent/core/load-balancers';
import type { UdpListeners } from '../../../agent/core/udp-listeners';
import { AgentError, notFound } from '../../../agent/model/errors';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';
import { createRecordedLog } from '../../fakes/recorded-log';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const valuesOf = (families: readonly MetricFamily[], name: string): MetricFamily['values'] =>
  families.find((family) => family.name === name)?.values ?? [];

describe('a counter', () => {
  it('adds up by its labels, in whatever order they come', () => {
    const counters = createCounters();
    counters.add('amphorad_uploads_total', { program: 'haproxy', result: 'accepted' });
    counters.add('amphorad_uploads_total', { result: 'accepted', program: 'haproxy' });
    counters.add('amphorad_uploads_total', { program: 'haproxy', result: 'conflict' });
    expect(valuesOf(counters.families(), 'amphorad_uploads_total')).toEqual([
      { labels: { program: 'haproxy', result: 'accepted' }, value: 2 },
      { labels: { program: 'haproxy', result: 'conflict' }, value: 1 },
    ]);
  });

  it('forgets what is gone, and nothing else', () => {
    const counters = createCounters();
    const name = 'amphorad_load_balancer_reloads_total';
    counters.add(name, { load_balancer: 'a' });
    counters.add(name, { load_balancer: 'b' });
    counters.forget(name, 'load_balancer', 'a');
    expect(valuesOf(counters.families(), name)).toEqual([{ labels: { load_balancer: 'b' }, value: 1 }]);
  });

  it('is told of without values before anything is counted', () => {
    const families = createCounters().families();
    expect(families.map(({ name }) => name)).toContain('amphorad_restarts_total');
    expect(valuesOf(families, 'amphorad_restarts_total')).toEqual([]);
  });
});

describe('a histogram', () => {
  it('has buckets that hold those below them, with sum and count', () => {
    const counters = createCounters();
    const labels = { surface: 'octavia-v1.0' };
    for (const seconds of [0.002, 0.002, 0.3, 600]) {
      counters.observe('amphorad_request_duration_seconds', seconds, labels);
    }
    const values = valuesOf(counters.families(), 'amphorad_request_duration_seconds');
    const bucket = (le: string): number | undefined =>
      values.find((each) => each.labels['le'] === le && each.part === '_bucket')?.value;
    expect([bucket('0.001'), bucket('0.0025'), bucket('0.5'), bucket('60'), bucket('+Inf')]).toEqual([
      0, 2, 3, 3, 4,
    ]);
    expect(values.find(({ part }) => part === '_count')).toEqual({ part: '_count', labels, value: 4 });
    expect(values.find(({ part }) => part === '_sum')?.value).toBeCloseTo(600.304);
  });
});

describe('verbs that are counted', () => {
  const deps = { counters: createCounters(), clock: createHandClock() };
  const fails = (thrown: Error) => (): Promise<never> => Promise.reject(thrown);

  it('do what they did, and their results and errors are counted', async () => {
    const refused = new AgentError('config-rejected', 'no');
    const verbs = {
      upload: fails(refused),
      start: () => Promise.resolve({ pid: 1, started: true }),
      reload: fails(new Error('a bug')),
      restore: () => Promise.resolve('adopted'),
      remove: () => Promise.resolve(),
    } as unknown as LoadBalancers;
    const counted = countLoadBalancers(verbs, deps);
    await expect(counted.upload({ id, text: '', peer: '', owner: 'octavia-v1.0' })).rejects.toBe(refused);
    expect(await counted.start(id)).toEqual({ pid: 1, started: true });
    await expect(counted.reload(id)).rejects.toThrow('a bug');
    expect(await counted.restore(id)).toBe('adopted');
    const families = deps.counters.families();
    expect(valuesOf(families, 'amphorad_uploads_total')).toEqual([
      { labels: { program: 'haproxy', result: 'config-rejected' }, value: 1 },
    ]);
    expect(valuesOf(families, 'amphorad_activations_total')).toEqual([
      { labels: { program: 'haproxy', action: 'start', result: 'done' }, value: 1 },
      { labels: { program: 'haproxy', action: 'reload', result: 'internal' }, value: 1 },
    ]);
    expect(valuesOf(families, 'amphorad_restores_total')).toEqual([
      { labels: { result: 'adopted' }, value: 1 },
    ]);
  });

  it('count a restore that fails', async () => {
    const counters = createCounters();
    const verbs = { restore: fails(notFound('load balancer', id)) } as unknown as LoadBalancers;
    await expect(countLoadBalancers(verbs, { ...deps, counters }).restore(id)).rejects.toThrow('not found');
    expect(valuesOf(counters.families(), 'amphorad_restores_total')).toEqual([
      { labels: { result: 'not-found' }, value: 1 },
    ]);
  });

  it('are those on UDP listeners, too', async () => {
    const counters = createCounters();
    const done = (): Promise<void> => Promise.resolve();
    const verbs = { upload: done, start: done, reload: done } as unknown as UdpListeners;
    const counted = countUdpListeners(verbs, { ...deps, counters });
    await counted.upload(id, '');
    await counted.reload(id);
    expect(valuesOf(counters.families(), 'amphorad_uploads_total')).toEqual([
      { labels: { program: 'keepalived-lvs', result: 'accepted' }, value: 1 },
    ]);
  });
});

describe('the lag of the event loop', () => {
  it('is what a timer is late by', async () => {
    const clock = createHandClock();
    const counters = createCounters();
    const lag = createLoopLag(clock, counters);
    const aborter = new AbortController();
    expect(lag.sinceLookMs()).toBe(0);
    lag.start(aborter.signal);
    await clock.advance(1_000);
    clock.standStill(3_000);
    expect(lag.sinceLookMs()).toBe(3_000);
    await clock.advance(500);
    aborter.abort();
    const values = valuesOf(counters.families(), 'amphorad_event_loop_lag_seconds');
    expect(values.find(({ part }) => part === '_count')?.value).toBeGreaterThanOrEqual(3);
    expect(values.find(({ labels }) => labels['le'] === '0.001')?.value).toBeGreaterThanOrEqual(2);
    expect(values.find(({ part }) => part === '_sum')?.value).toBeGreaterThanOrEqual(2.5);
  });
});

describe('the collection', () => {
  it('goes on without a part that cannot be read, and says so once in the log', async () => {
    const clock = createHandClock();
    const log = createRecordedLog();
    let isBroken = true;
    const broken: ReadMetrics = () =>
      isBroken ? Promise.reject(new AgentError('unavailable', 'no /proc')) : Promise.resolve([]);
    const well: ReadMetrics = () => Promise.resolve([{ name: 'amphorad_ready', value: 1 }]);
    const metrics = createMetrics({ clock, log, counters: createCounters(), readers: { broken, well } });
    const first = await metrics.collect();
    expect(valuesOf(first, 'amphorad_ready')).toEqual([{ labels: {}, value: 1 }]);
    expect(valuesOf(first, 'amphorad_scrape_failures')).toEqual([{ labels: {}, value: 1 }]);
    await clock.advance(2_000);
    await metrics.collect();
    expect(log.entries.filter(({ message }) => message === 'metrics cannot be read')).toHaveLength(1);
    isBroken = false;
    await clock.advance(2_000);
    expect(valuesOf(await metrics.collect(), 'amphorad_scrape_failures')).toEqual([{ labels: {}, value: 0 }]);
  });

  it('is one for all who ask within a second', async () => {
    const clock = createHandClock();
    let reads = 0;
    const reader: ReadMetrics = () => Promise.resolve([{ name: 'amphorad_ready', value: (reads += 1) }]);
    const readers = { reader };
    const metrics = createMetrics({ clock, log: createRecordedLog(), counters: createCounters(), readers });
    await Promise.all([metrics.collect(), metrics.collect()]);
    expect(reads).toBe(1);
    await clock.advance(1_001);
    await metrics.collect();
    expect(reads).toBe(2);
  });
});
